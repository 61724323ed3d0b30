"""The eleven MuJoCo tasks of Gymnasium (v5), one file each."""

from websim.registry import register
from websim.tasks.ant import Ant
from websim.tasks.inverted_pendulum import InvertedPendulum

for _task in (Ant, InvertedPendulum):
    register(_task)
