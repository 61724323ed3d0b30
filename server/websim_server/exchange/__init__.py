"""Policies and trajectories, to and from other programs."""
