"""How a real language model does as an author: what passes the checker, what goes back, its cost.

python -m bench.llm --llm-url http://127.0.0.1:8191/v1 --llm-model gemma3-270m
python -m bench.llm --llm-model claude-sonnet-5-5

Nothing is learnt here: `websim author --author llm` does that. docs/authors.md has how to get a
small model and a server for it.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from websim.authors import Brief
from websim.authors.llm import Conversation
from websim.errors import AuthorFailed
from websim.experiments.experiment import Experiment
from websim_server.llm.native import NativeAsker
from websim_server.llm.settings import add_options, read_settings

SENTENCES = (
    ("HalfCheetah-v5", "run backwards"),
    ("Hopper-v5", "hop high on the spot"),
    ("Ant-v5", "spin to the left"),
    ("Walker2d-v5", "walk slowly forwards"),
)


@dataclass(kw_only=True)
class Outcome:
    """Of a sentence.

    Attributes:
        task: The robot.
        words: The sentence.
        answers: How often the model answered; one that failed is none.
        written: Candidates in all its answers.
        passed: Those that passed checker and trial call.
        measured: Whether a measure did.
        seconds: That it took.
        failure: Why it ended without a candidate.
        problems: What did not pass, of each answer.
    """

    task: str
    words: str
    answers: int = 0
    written: int = 0
    passed: int = 0
    measured: bool = False
    seconds: float = 0.0
    failure: str = ""
    problems: list[list[str]] = field(default_factory=list)


def author(task: str, words: str, count: int, ask: NativeAsker, log: list[str]) -> Outcome:
    """A conversation from beginning to end."""
    outcome = Outcome(task=task, words=words)
    conversation = Conversation(Brief(words=words, experiment=Experiment(task=task)), count)
    began = time.monotonic()
    try:
        while not conversation.over:
            reply = ask(conversation)
            outcome.answers += 1
            conversation.take(reply.text, reply.cut)
            outcome.problems.append(list(conversation.problems))
        conversation.candidates()
    except AuthorFailed as error:
        outcome.failure = str(error)
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.written, outcome.passed = conversation.written, len(conversation.kept)
    outcome.measured = conversation.measured
    log.extend(f"{turn.role}: {turn.text}\n" for turn in conversation.turns)
    return outcome


def main(argv: Sequence[str] | None = None) -> None:
    """Asks for each sentence, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=2, help="a sentence (%(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="each sentence (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="all of it, as JSON")
    parser.add_argument("--log", type=Path, metavar="FILE", help="all that was said")
    add_options(parser)
    arguments = parser.parse_args(argv)
    settings = read_settings(arguments)
    ask = NativeAsker(settings, lambda text: print(f"  {text[:200]}", flush=True))
    outcomes: list[Outcome] = []
    log: list[str] = []
    for task, words in SENTENCES * arguments.repeat:
        print(f"{task}: {words}", flush=True)
        outcomes.append(author(task, words, arguments.candidates, ask, log))
        if arguments.log:
            arguments.log.write_text("\n".join(log))
        if arguments.out:
            told = {"model": settings.model, "outcomes": [asdict(one) for one in outcomes]}
            arguments.out.write_text(json.dumps(told, indent=1) + "\n")
    print("\n| robot | sentence | answers | candidates written | passed | measure | seconds |")
    print("|---|---|---|---|---|---|---|")
    for one in outcomes:
        measure = "passed" if one.measured else "did not"
        counts = f"{one.answers} | {one.written} | {one.passed} | {measure} | {one.seconds:.0f}"
        print(f"| {one.task} | {one.words} | {counts} |")
    written, passed = (sum(getattr(o, name) for o in outcomes) for name in ("written", "passed"))
    used = f"{ask.budget.read:,} tokens read, {ask.budget.written:,} written"
    print(f"\n{settings.model}: {passed} of {written} candidates passed; {used}, ", end="")
    print(f"${ask.budget.spent:.4f}.")


if __name__ == "__main__":
    main()
