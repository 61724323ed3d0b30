"""A run in the dashboard that changes its own course, and what people may say to it."""

import re

from playwright.sync_api import expect

from tests.app.training_page import LEARNT_MS, SMALL, TrainingPage

#: Sees a plateau every few iterations, whatever is learnt.
OFTEN = "plateau.iterations:4,plateau.gain:1000,plateau.approx_kl:1000,trial_steps:2000,episodes:4"

SLOWER = "learning_rate \u00d7 0.3"


def test_decisions_are_listed_compared_undone_and_asked_for(open_page: TrainingPage) -> None:
    page = open_page.page
    open_page.go(SMALL.replace("compare=2:current,2:random&", ""))
    course = page.get_by_role("region", name="Decisions")
    choice = page.get_by_label("Change its own course")
    expect(choice).to_have_value("off")
    expect(page.get_by_label("plateau: gain")).to_be_hidden()
    choice.select_option("ask")
    page.get_by_text("When it acts").click()
    gain = page.get_by_label("plateau: gain")
    expect(gain).to_have_value("0.02")
    gain.fill("much")
    gain.press("Enter")
    expect(page.get_by_text('plateau.gain cannot be "much"')).to_be_visible()
    gain.fill("1000")
    gain.press("Enter")
    assert open_page.state["adapt"] == "ask"
    assert open_page.state["adaptset"] == "plateau.gain:1000"
    query = SMALL.replace("compare=2:current,2:random&", "")
    open_page.go(f"{query}&adapt=ask&adaptset={OFTEN}")
    expect(gain).to_have_value("1000")

    open_page.start()
    ask = course.get_by_role("status")
    expect(ask).to_be_visible(timeout=LEARNT_MS)
    expect(ask).to_contain_text(f"Nothing grew any longer. Try {SLOWER}?")
    course.get_by_role("button", name="No", exact=True).click()
    first = course.locator(".course-list li").first
    expect(first).to_contain_text(SLOWER, timeout=LEARNT_MS)
    expect(first).to_contain_text("not tried")
    expect(ask).to_be_visible(timeout=LEARNT_MS)
    course.get_by_role("button", name="Try it").click()
    second = course.locator(".course-list li").nth(1)
    expect(second).to_contain_text(re.compile("goes on with it|left away"), timeout=LEARNT_MS)
    expect(course.locator(".course-strip button")).to_have_count(2)
    course.get_by_role("button", name=re.compile("^Decision 1: ")).click()
    expect(second).to_contain_text("going on without it, 4 episodes each by the measure")
    expect(second).to_contain_text(re.compile(r"Cost[\d,]+ steps"))
    second.get_by_role("button", name="Compare").click()
    expect(second.get_by_role("img", name=re.compile("measure with it: .* ± "))).to_be_visible()
    second.get_by_role("button", name="Undo").click()
    third = course.locator(".course-list li").nth(2)
    expect(third).to_contain_text("the other side of decision 1", timeout=LEARNT_MS)
    expect(second.get_by_role("button", name="Undo")).to_be_hidden()
    expect(third).to_contain_text("gone back")
