"""What is paid and what is judged by, as code over a batch (docs/rewards.md).

reward = Reward('''
def reward(now, before, action):
speed = (now.qpos[:, 0] - before.qpos[:, 0]) / now.dt
return {"backwards": -speed, "effort": -0.1 * np.square(action).sum(axis=1)}
''')
envs = MujocoVectorEnv(HalfCheetah(), 1000, reward=reward)
"""

from websim.rewards.code import REDUCTIONS, Measure, Reward, Terms, moments_of, sum_of
from websim.rewards.state import Moments, State

__all__ = ["REDUCTIONS", "Measure", "Moments", "Reward", "State", "Terms", "moments_of", "sum_of"]
