"""The way to a language model: which one, with what key, for how many tokens and how much money."""
