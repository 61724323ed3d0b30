"""Tournaments: candidates learn beside each other, and the measure says which go on."""
