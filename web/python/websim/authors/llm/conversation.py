"""A conversation with a language model: what is said, what is taken, and what goes back."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from websim.authors.anatomy import read_anatomy
from websim.authors.candidates import Brief, Candidate
from websim.authors.llm import prompts
from websim.authors.llm.answers import Answer, Draft, read_answer
from websim.errors import AuthorFailed, InvalidArgument, WebSimError
from websim.rewards import Measure, Reward

MAX_RETURNS = 3
"""How often the checker's or Python's message goes back."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Something that is said.

    Attributes:
        role: By whom.
        text: What.
    """

    role: Literal["user", "assistant"]
    text: str


class Conversation:
    """Goes on until as many candidates as were asked for have passed, or returns are used up.

    All code is checked as any code of a stranger's is, and called once on robots at rest.

    Attributes:
        over: Whether nothing more is to be sent.
        turns: What was said so far; what is to be sent, unless it is over.
        kept: Candidates that have passed; their measure may still be missing.
        returns: How often something went back.
        problems: What was wrong with the newest answer.
        written: How many candidates there were in all answers.
    """

    def __init__(self, brief: Brief, count: int) -> None:
        """Begins one.

        Args:
            brief: What is wanted, and what was tried: its measure is kept.
            count: How many candidates.

        Raises:
            InvalidArgument: words that say nothing, or an experiment that cannot be simulated.
        """
        if not brief.words.strip():
            raise InvalidArgument("words must say what the robot should do.")
        self._brief, self._count = brief, count
        self._task = brief.experiment.make_task()
        anatomy = read_anatomy(self._task)
        self._model = anatomy.model
        self._task.bind(self._model)
        self._options: dict[str, Any] = {}
        self._measure = ""
        if brief.attempts:
            first = brief.attempts[0].candidate
            self._measure, self._options = first.measure, first.task_options
        self._tried = {attempt.candidate.reward for attempt in brief.attempts}
        self.kept: list[Draft] = []
        self.returns = self.written = 0
        self.problems: list[str] = []
        self.over = False
        said = prompts.request(brief, count, self._task, anatomy)
        self.turns = [Turn(role="user", text=said)]

    def take(self, text: str, cut: bool = False) -> None:
        """Takes an answer; what did not pass goes back, if it may.

        Args:
            text: It.
            cut: Whether it ends because it may not be longer.
        """
        self.turns.append(Turn(role="assistant", text=text or "(nothing)"))
        found = len(self.kept)
        try:
            self._check(read_answer(text))
        except ValueError as error:
            self.problems = [f"{error}"]
        if cut:
            self.problems.append("the answer was cut off at its greatest length: write less")
        missing = self._count - len(self.kept)
        # Fewer than were asked for are enough, if nothing is wrong with them.
        sound = not self.problems and self._measure and (not missing or len(self.kept) > found)
        self.over = bool(sound) or self.returns == MAX_RETURNS
        if not self.over:
            self.returns += 1
            names = [draft.name for draft in self.kept]
            told = prompts.returned(names, self.problems, missing, self.measured)
            self.turns.append(Turn(role="user", text=told))

    @property
    def measured(self) -> bool:
        """Whether there is a measure that passes."""
        return bool(self._measure)

    def candidates(self) -> list[Candidate]:
        """What has passed, the most promising first.

        Raises:
            AuthorFailed: nothing has, or no measure; says what was wrong last.
        """
        if not self.kept or not self._measure:
            what = "candidate" if self._measure else "measure"
            last = " ".join(self.problems)[: prompts.MAX_LINE] or "It has written none."
            raise AuthorFailed(
                f"The language model has written no {what} that passes"
                f"{f', {self.returns} returns included' if self.returns else ''}. The last: {last}"
            )
        return [
            Candidate(
                name=draft.name,
                reward=draft.reward,
                measure=self._measure,
                why=draft.why,
                task_options=self._options,
            )
            for draft in self.kept
        ]

    def _check(self, answer: Answer) -> None:
        """Keeps what passes; `problems` is what does not."""
        self.problems = list(answer.problems)
        self.written += len(answer.drafts) + len(answer.problems)
        if not self._measure:
            self._check_measure(answer)
        for draft in answer.drafts:
            if len(self.kept) == self._count:
                break
            self._check_reward(draft)
        if not answer.drafts and not self.kept and not self.problems:
            self.problems.append("there are no candidates")

    def _check_measure(self, answer: Answer) -> None:
        if not answer.measure:
            self.problems.append("measure.py: it is missing")
            return
        known = {field.name for field in fields(self._task)}
        options: dict[str, Any] = {prompts.TASK_OPTIONS[key]: False for key in answer.turned_off}
        options = {option: value for option, value in options.items() if option in known}
        try:
            Measure(answer.measure).try_out(self._model, self._task.dt)
            replace(self._task, **options)
        except WebSimError as error:
            self.problems.append(prompts.shortened(str(error)))
        else:
            self._measure, self._options = answer.measure, options

    def _check_reward(self, draft: Draft) -> None:
        known = self._tried | {other.reward for other in self.kept}
        if draft.reward in known:
            self.problems.append(f"{draft.name}: there is the same already")
            return
        try:
            Reward(draft.reward).try_out(self._model, self._task.dt)
        except WebSimError as error:
            self.problems.append(f"{draft.name}: {prompts.shortened(str(error))}")
        else:
            self.kept.append(draft)
