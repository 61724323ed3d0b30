"""Somebody says what robots should do, watches candidates learn, and takes the best."""

import re

from playwright.sync_api import expect

from tests.app.training_page import TrainingPage

#: Until two candidates have been tried, on a busy machine.
TRIED_MS = 120_000


def test_words_become_a_policy(isolated: TrainingPage) -> None:
    dashboard, page = isolated, isolated.page
    dashboard.open("task=Hopper-v5&envs=8&workers=1&speed=1")
    # Without a language model it is said so, and the other author is there.
    author, model = page.get_by_label("Written by"), page.locator("#author-model")
    author.select_option("llm")
    expect(model).to_contain_text("No language model is set up")
    expect(model).to_contain_text("Words and rules write instead")
    expect(author).to_have_value("offline")
    page.route("**/llm", lambda route: route.abort())
    author.select_option("llm")
    expect(model).to_contain_text("The server cannot be reached")
    page.unroute("**/llm")

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
    page.locator(".author").get_by_role("button", name="Pause").click()  # until it is left
    rows.first.get_by_text("Its reward").click()
    expect(rows.first.locator("pre")).to_contain_text("def reward(now, before, action)")

    # Each is a herd in its colour: the robots that move by what it has learnt, below its label.
    labels = page.locator(".herds button")
    expect(labels).to_have_count(2)
    tried = page.locator(".contenders li", has=page.locator(".value", has_text="±")).first
    entry = int(tried.get_attribute("data-entry") or "")
    tried = page.locator(f".contenders li[data-entry='{entry}']")  # whatever its rank
    dashboard.wait(
        f"[0, 4].some((i) => sim.getEnvironmentState(i).controller === 'candidate {entry + 1}')"
    )
    label = page.locator(f".herds [data-entry='{entry}']")
    expect(label).to_contain_text(tried.locator("strong").inner_text())
    colour = label.locator(".chip").evaluate("(chip) => getComputedStyle(chip).backgroundColor")
    line = tried.locator("polyline")
    assert line.evaluate("(line) => getComputedStyle(line).stroke") == colour
    label.hover()
    expect(tried).to_have_class(re.compile("lit"))

    # What somebody makes of one is added; what is wrong is told, and nothing is added.
    tried.get_by_role("button", name="Keep").click()
    expect(tried).to_contain_text("kept")
    tried.get_by_role("button", name="Fork").click()
    add = page.get_by_role("button", name="Add to the tournament")
    content = page.locator(".code-sheet .cm-content")
    expect(content).to_contain_text("_weight =")
    reward = tried.locator("pre").text_content() or ""
    for source in ("import os\n" + reward, reward + "\nOTHER = 1.0\n"):
        content.click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(source)
        add.click()
        state = page.locator("#code-state")
        expect(state).to_contain_text("Nothing was added" if "os" in source[:9] else "Added:")
    page.get_by_role("button", name="Close the editor").click()
    expect(rows).to_have_count(3)
    expect(page.locator(".contenders")).to_contain_text("by hand")

    rows.first.get_by_role("button", name="Edit").click()
    editor = page.get_by_role("region", name="Reward, measure and task")
    expect(editor.locator(".cm-content")).to_contain_text("def reward(now, before, action)")
    expect(editor.locator("#code-state")).to_contain_text("Changed: Apply")
    page.get_by_role("button", name="Close the editor").click()

    # It outlasts its page: those that were judged are there, those under way begin anew.
    judged = page.locator(".contenders .value", has_text="±").count()
    page.reload()
    dashboard.booted()
    card = page.get_by_role("region", name="Interrupted tournament")
    expect(card).to_contain_text("“hop forwards” was interrupted")
    card.get_by_role("button", name="Go on with it").click()
    expect(rows).to_have_count(3, timeout=30_000)
    expect(page.locator(".contenders .value", has_text="±").nth(judged - 1)).to_be_visible()
    expect(card).to_be_hidden()
    expect(page.locator("#author-stage")).to_contain_text("3 rewards")

    out = rows.last.get_attribute("data-entry")
    rows.last.get_by_role("button", name="Take out").click()
    expect(page.locator(f".contenders [data-entry='{out}']")).to_contain_text("taken out by hand")
    page.get_by_role("button", name="Stop with the best").click()
    expect(page.locator(".contenders li").first).to_contain_text("has won", timeout=TRIED_MS)
    page.get_by_text("What was decided").click()
    expect(page.locator(".author details ol li").first).to_contain_text("It wrote")

    page.get_by_role("button", name="Use the best").click()
    dashboard.booted()
    expect(page.locator(".saved")).to_contain_text("hop forwards", timeout=60_000)
