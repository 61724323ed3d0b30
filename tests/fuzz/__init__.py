"""Thousands of bad inputs, made by chance: `python -m tests.fuzz` (a sample runs in `make test`).

Each module has `KIND`, what it makes, and `attempt(rng)`, which makes one input, gives it to the
project, and returns what came of it in a word; anything but a named error is raised.
"""
