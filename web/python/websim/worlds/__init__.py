"""The world of an experiment: what differs from robot to robot, and what disturbs them."""

from websim.worlds.levels import LevelTerm
from websim.worlds.terrain import Scan, Terrain
from websim.worlds.world import EventTerm, Noise, World

__all__ = ["EventTerm", "LevelTerm", "Noise", "Scan", "Terrain", "World"]
