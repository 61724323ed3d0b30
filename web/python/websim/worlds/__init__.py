"""The world of an experiment: what differs from robot to robot, and what disturbs them."""

from websim.worlds.terrain import Scan, Terrain
from websim.worlds.world import EventTerm, Noise, World

__all__ = ["EventTerm", "Noise", "Scan", "Terrain", "World"]
