"""Somebody says what robots should do, watches candidates learn, and takes the best."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.app.training_page import TrainingPage

#: Until two candidates have been tried, on a busy machine.
TRIED_MS = 120_000


def test_words_become_a_policy(isolated: TrainingPage, tmp_path: Path) -> None:
    dashboard, page = isolated, isolated.page
    dashboard.open("task=Hopper-v5&envs=8&workers=2&speed=1")
    page.get_by_label("What robots should do").fill("flumm the grok")
    page.get_by_role("button", name="Learn it").click()
    expect(page.locator(".author .problem")).to_contain_text("flumm", timeout=30_000)

    page.get_by_label("What robots should do").fill("hop forwards")
    page.get_by_label("Rewards").fill("2")
    page.get_by_role("button", name="Learn it").click()
    rows = page.locator(".contenders li")
    expect(rows).to_have_count(2, timeout=30_000)
    expect(page.locator("#author-stage")).to_contain_text("2 rewards")
    expect(rows.first.locator(".value")).to_have_text(re.compile("±"), timeout=TRIED_MS)
    expect(page.locator("#author-stage")).to_contain_text("Best:")
    rows.first.get_by_text("Its reward").click()
    expect(rows.first.locator("pre")).to_contain_text("def reward(now, before, action)")

    # It outlasts its page: those that were judged are there, those under way begin anew.
    judged = page.locator(".contenders .value", has_text="±").count()
    page.reload()
    dashboard.booted()
    card = page.get_by_role("region", name="Interrupted tournament")
    expect(card).to_contain_text("“hop forwards” was interrupted")
    card.get_by_role("button", name="Go on with it").click()
    expect(rows).to_have_count(2, timeout=30_000)
    expect(page.locator(".contenders .value", has_text="±").nth(judged - 1)).to_be_visible()
    expect(card).to_be_hidden()
    expect(page.locator("#author-stage")).to_contain_text("2 rewards")

    rows.first.get_by_role("button", name="Edit").click()
    editor = page.get_by_role("region", name="Reward, measure and task")
    expect(editor.locator(".cm-content")).to_contain_text("def reward(now, before, action)")
    expect(editor.locator("#code-state")).to_contain_text("Changed: Apply")
    page.get_by_role("button", name="Close the editor").click()

    out = rows.last.get_attribute("data-entry")
    rows.last.get_by_role("button", name="Take out").click()
    expect(page.locator(f".contenders [data-entry='{out}']")).to_contain_text("taken out by hand")
    page.get_by_role("button", name="Stop with the best").click()
    expect(page.locator(".contenders li").first).to_contain_text("has won", timeout=TRIED_MS)
    page.locator(".author").screenshot(path=tmp_path / "author.png")
    page.get_by_text("What was decided").click()
    expect(page.locator(".author details ol li").first).to_contain_text("It wrote")

    page.get_by_role("button", name="Use the best").click()
    dashboard.booted()
    expect(page.locator(".saved")).to_contain_text("hop forwards", timeout=60_000)
