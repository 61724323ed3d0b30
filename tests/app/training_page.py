"""What tests do with a page in which robots learn."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.app.page import BOOT_MS, Dashboard

#: Learns in seconds; a batch is 512 steps.
SMALL = (
    "task=InvertedPendulum-v5&envs=8&workers=1&steps=1000000&compare=2:current,2:random"
    "&hp=num_envs:8,num_steps:64,num_minibatches:4"
)

#: Until a few iterations are done, on a busy machine.
LEARNT_MS = 60_000


def start(dashboard: Dashboard) -> None:
    dashboard.page.get_by_role("button", name="Train", exact=True).click()
    learns(dashboard)


def learns(dashboard: Dashboard) -> None:
    """Waits until iterations come."""
    expect(dashboard.page.locator(".curve[data-tag='charts/episodic_return']")).to_be_visible(
        timeout=BOOT_MS
    )
    dashboard.booted()


def steps(dashboard: Dashboard) -> int:
    """Steps that the panel says are done."""
    text = dashboard.page.locator(".training-figures p").first.inner_text()
    found = re.search(r"([\d,]+) of", text)
    assert found, text
    return int(found[1].replace(",", ""))


def wait_for_steps(dashboard: Dashboard, more_than: int) -> None:
    for _ in range(LEARNT_MS // 100):
        if steps(dashboard) > more_than:
            return
        dashboard.page.wait_for_timeout(100)
    pytest.fail(f"training does not get beyond {more_than} steps")


def pause(dashboard: Dashboard) -> int:
    dashboard.page.locator("canvas.stage").focus()
    dashboard.page.keyboard.press("l")
    expect(training_buttons(dashboard).get_by_role("button", name="Resume")).to_be_visible()
    dashboard.page.wait_for_timeout(1200)  # what the panel shows follows
    return steps(dashboard)


def training_buttons(dashboard: Dashboard) -> Locator:
    return dashboard.page.get_by_role("group", name="Training")
