"""Robots of an open tab as a vector environment outside of it (`websim.connect`)."""

from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
from playwright.sync_api import expect

import websim
from tests.app.page import BOOT_MS
from tests.app.training_page import TrainingPage
from websim.errors import ResetNeeded, TabLost
from websim.tab import TabVectorEnv, _Door

TASK, ENVS = "InvertedPendulum-v5", 4


def test_a_program_moves_the_robots_of_a_tab(open_page: TrainingPage) -> None:
    page = open_page.page
    door = _Door(0, "a-token")
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"http://127.0.0.1:{door.port}/another")
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(TabVectorEnv, door, TASK, ENVS, BOOT_MS / 1000)
        address = f"{open_page.server}/?task={TASK}&envs={ENVS}&workers=1&paused=1"
        page.goto("about:blank")
        page.goto(f"{address}#drive={door.port}.{door.token}")
        # Its messages are heard while the page is looked at.
        expect(page.get_by_text("A program on this machine moves the robots")).to_be_visible(
            timeout=BOOT_MS
        )
        env = coming.result(10)

        def play() -> int:
            with pytest.raises(ResetNeeded):
                env.step(np.zeros((ENVS, 1)))
            native = websim.make_vec(TASK, num_envs=ENVS, autoreset_mode="SameStep")
            assert env.action_space == native.action_space
            theirs, _ = env.reset(seed=3)
            ours, _ = native.reset(seed=3)
            rng, ends = np.random.default_rng(0), 0
            for _ in range(40):
                np.testing.assert_allclose(theirs, ours, atol=1e-9)
                actions = rng.uniform(-3, 3, (ENVS, 1)).astype(np.float32)
                theirs, rewards, *flags, infos = env.step(actions)
                ours, wanted, *expected, known = native.step(actions)
                np.testing.assert_allclose(rewards, wanted, atol=1e-9)
                np.testing.assert_array_equal(flags, expected)
                assert ("final_obs" in infos) == ("final_obs" in known)
                for i in np.flatnonzero(infos.get("_final_obs", [])):
                    ends += 1
                    np.testing.assert_allclose(
                        infos["final_obs"][i], known["final_obs"][i], atol=1e-9
                    )
            native.close()
            with pytest.raises(TabLost, match="finite"):
                env.step(np.full((ENVS, 1), np.nan))
            return ends

        played = pool.submit(play)
        while not played.done():
            page.wait_for_timeout(50)
        assert played.result() > 3
        env.close()
    expect(page.get_by_text("has let them go")).to_be_visible()


def test_nobody_waits_for_ever() -> None:
    with pytest.raises(TabLost, match="No tab came"):
        websim.connect(0, seconds=0.05)
    with pytest.raises(websim.InvalidArgument, match="num_envs must be"):
        websim.connect(0, num_envs=0)
