"""Where a run of `websim train` can be carried out."""
