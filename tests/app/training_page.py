"""The dashboard where robots learn, or are about to."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.app.page import BOOT_MS, Dashboard

#: Learns in seconds; a batch is 512 steps.
SMALL = (
    "task=InvertedPendulum-v5&envs=8&workers=1&speed=1&steps=1000000&compare=2:current,2:random"
    "&hp=num_envs:8,num_steps:64,num_minibatches:4"
)

#: Until a few iterations are done, on a busy machine.
LEARNT_MS = 60_000


def steps_in(text: Locator) -> int:
    """Steps that a text says are done, of all."""
    found = re.search(r"([\d,]+) of", text.inner_text())
    assert found, text
    return int(found[1].replace(",", ""))


class TrainingPage(Dashboard):
    """What tests do with it."""

    def start(self) -> None:
        """Presses Train."""
        self.page.get_by_role("button", name="Train", exact=True).click()
        self.learns()

    def learns(self) -> None:
        """Waits until iterations come; curves of a run before may be there still."""
        self.wait("sim.training !== null", seconds=BOOT_MS / 1000)
        expect(
            self.page.locator(".curves .curve[data-tag='charts/episodic_return']")
        ).to_be_visible(timeout=BOOT_MS)
        self.booted()

    def steps(self) -> int:
        """Steps that the panel says are done."""
        return steps_in(self.page.locator(".training-figures p").first)

    def wait_for_steps(self, more_than: int) -> None:
        """Waits until more steps are done."""
        for _ in range(LEARNT_MS // 100):
            if self.steps() > more_than:
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"training does not get beyond {more_than} steps")

    def pause(self) -> int:
        """Pauses by the keyboard; returns the steps done."""
        self.page.locator(".stage").focus()
        self.page.keyboard.press("l")
        expect(self.transport.get_by_role("button", name="Resume")).to_be_visible()
        return self.settled()

    def settled(self) -> int:
        """Waits until the panel shows the steps that are done; returns them."""
        done = self.sim("sim.training.globalStep")
        expect(self.page.locator(".training-figures p").first).to_contain_text(f"{done:,} of")
        return self.steps()

    @property
    def buttons(self) -> Locator:
        """Those that start and end training."""
        return self.page.get_by_role("group", name="Training")

    @property
    def transport(self) -> Locator:
        """Pause, step and reset."""
        return self.page.get_by_role("group", name="Simulation")
