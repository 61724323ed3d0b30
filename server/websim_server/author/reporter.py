"""What a terminal shows of a tournament."""

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from websim.authors.warnings import warnings

if TYPE_CHECKING:
    from websim.authors.tournament.tournament import Tournament


class Reporter:
    """A bar of the budget, and a line of each decision and warning."""

    def __init__(self, tournament: "Tournament", quiet: bool = False) -> None:
        """Begins the bar; `quiet` shows nothing."""
        self._told = len(tournament.state.decisions)
        self._warned: set[str] = set()
        self._bar = tqdm(
            total=100,
            disable=quiet,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {postfix}",
            desc=tournament.state.settings.words[:40],
        )

    def __enter__(self) -> "Reporter":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the bar."""
        self._bar.close()

    def show(self, tournament: "Tournament") -> None:
        """Shows how far it is."""
        state, best = tournament.state, tournament.best
        left = tournament.seconds_left
        parts = [f"{state.stage} {state.round or ''}".strip()]
        parts += [f"best {best}"] if best is not None else []
        parts += [f"{left:.0f} s left"] if left == left else []
        self._bar.n = round(100 * tournament.progress)
        self._bar.set_postfix_str(", ".join(parts))
        for decision in state.decisions[self._told :]:
            self.say(" ".join(filter(None, (decision.what, decision.outcome))))
        self._told = len(state.decisions)

    def tell(self, tournament: "Tournament", number: int) -> None:
        """Warns of what the candidate of a job has shown, once each."""
        done = next((d for d in tournament.state.done if d.job.number == number), None)
        if done is None:
            return
        entry = tournament.entry(done.job.entry)
        for warning in warnings(entry.attempt().snapshots):
            line = f"{entry.candidate.name}: {warning}"
            about = warning.split(" ")[0] + line.partition(":")[0]
            if about not in self._warned:
                self._warned.add(about)
                self.say(f"Warning: {line}")

    def say(self, text: str) -> None:
        """A line of its own."""
        if not self._bar.disable:
            self._bar.write(text, file=sys.stderr)
