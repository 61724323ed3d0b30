"""Adaptation: a training run that watches itself and changes its own course."""
