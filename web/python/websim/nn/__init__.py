"""Parts of learners that are not of one algorithm."""
