"""The eleven MuJoCo tasks of Gymnasium (v5), and those of a quadruped, one file each robot."""

from websim.registry import register
from websim.tasks.ant import Ant
from websim.tasks.half_cheetah import HalfCheetah
from websim.tasks.hopper import Hopper
from websim.tasks.humanoid import Humanoid
from websim.tasks.humanoid_standup import HumanoidStandup
from websim.tasks.inverted_double_pendulum import InvertedDoublePendulum
from websim.tasks.inverted_pendulum import InvertedPendulum
from websim.tasks.pusher import Pusher
from websim.tasks.quadruped import QuadrupedBalance, QuadrupedWalk
from websim.tasks.reacher import Reacher
from websim.tasks.swimmer import Swimmer
from websim.tasks.walker2d import Walker2d

for _task in (
    Ant,
    HalfCheetah,
    Hopper,
    Humanoid,
    HumanoidStandup,
    InvertedDoublePendulum,
    InvertedPendulum,
    Pusher,
    Reacher,
    Swimmer,
    Walker2d,
    QuadrupedBalance,
    QuadrupedWalk,
):
    register(_task)
