"""The world of an experiment: what differs from robot to robot, and what disturbs them."""

from websim.worlds.world import EventTerm, Noise, World

__all__ = ["EventTerm", "Noise", "World"]
