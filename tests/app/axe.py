"""What axe-core finds wrong with a page."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

#: In a line each.
VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => (
    nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`)
  ));
}"""


def nothing_wrong(page: Page, what: str) -> None:
    """Fails if axe-core finds something, in either theme."""
    if page.evaluate("() => !('axe' in window)"):
        page.evaluate(AXE.read_text())
    theme = "document.documentElement.dataset.theme"
    before = page.evaluate(f"() => {theme} ?? null")
    for one in ("dark", "light"):
        page.evaluate(f"(one) => {{ {theme} = one; }}", one)
        found = page.evaluate(VIOLATIONS)
        assert not found, (what, one, found)
    page.evaluate(f"(before) => {{ if (before) {theme} = before; else delete {theme}; }}", before)
