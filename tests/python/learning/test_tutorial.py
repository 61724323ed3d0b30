"""What docs/tutorial.md has its readers write runs."""

import re
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorial.md"


def test_the_tutorials_reward_is_paid(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)
    exec(code.replace("range(10)", "range(1)"), {})
    out = capsys.readouterr().out
    assert out.startswith("2048 {")
    assert all(f"'rewards/{term}'" in out for term in ("speed", "alive", "effort"))
