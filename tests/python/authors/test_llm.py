"""What a language model is asked, and what becomes of its answers: no model is needed for it."""

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from websim.authors import Attempt, Brief, Candidate, OfflineAuthor, Snapshot, make_author
from websim.authors.llm import SCHEMA, Conversation, LlmAuthor, Reply, system_prompt
from websim.authors.llm.answers import MAX_ANSWER, read_answer
from websim.authors.llm.conversation import MAX_RETURNS
from websim.authors.llm.prompts import figures
from websim.browser import tournament
from websim.errors import AuthorFailed, InvalidArgument, UnsafeCode
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.rewards import Measure, Reward

HOPPER = Experiment(task="Hopper-v5")

MEASURE = "def measure(now, before):\n    return now.qvel[:, 0]\n"

#: Each would do something that is no calculation.
HOSTILE = (
    "import os\n\ndef reward(now, before, action):\n    return {'a': os.getpid()}\n",
    "def reward(now, before, action):\n    return {'a': open('/etc/passwd').read()}\n",
    "def reward(now, before, action):\n    return {'a': now.__class__.__mro__}\n",
    "def reward(now, before, action):\n    return {'a': ().__class__.__base__.__subclasses__()}\n",
    "def reward(now, before, action):\n    while True:\n        pass\n",
    "def reward(now, before, action):\n    return {'a': np.zeros((10**9,)).sum()}\n",
    "def reward(now, before, action):\n    return {'a': getattr(now, 'qpos')}\n",
    "def reward(now, before, action):\n    return {'a': np.load('x.npy')}\n",
    "def reward(now, before, action):\n    return eval('{}')\n",
)


def reward(speed: float = 1.0) -> str:
    return (
        f"fast_weight = {speed}\n\n\ndef reward(now, before, action):\n"
        "    return {'fast': fast_weight * now.qvel[:, 0]}\n"
    )


def written(*rewards: str, measure: str = MEASURE, **more: Any) -> str:
    """An answer as the schema has it."""
    candidates = [
        {"name": f"number {i}", "why": "It pays.", "reward": code} for i, code in enumerate(rewards)
    ]
    options = {"goes_on_when_unhealthy": False, "sees_where_it_is": False} | more
    answer = {"measure": measure, **options, "candidates": candidates}
    jsonschema.validate(answer, SCHEMA)
    return json.dumps(answer)


def begun(count: int = 2, words: str = "hop fast", experiment: Experiment = HOPPER) -> Conversation:
    return Conversation(Brief(words=words, experiment=experiment), count)


def test_what_the_prompt_shows_and_forbids_is_true() -> None:
    blocks = re.findall(r"```python\n(.*?)```", system_prompt(), re.DOTALL)
    shown_reward, shown_measure = (block.replace('"head"', '"torso"') for block in blocks)
    conversation = begun(1)
    conversation.take(written(shown_reward, measure=shown_measure))
    assert conversation.problems == []
    assert len(conversation.candidates()) == 1
    for outside, inside in (
        ("import math", ""),
        ("class A: pass", ""),
        ("f = lambda x: x", ""),
        ("", "while False: pass"),
        ("", "try: a = 1\n    except Exception: a = 2"),
        ("", "a = f'{now.dt}'"),
        ("", "print(1)"),
        ("", "a = now._arrays"),
        ("", "a = np.sum(now.qpos, dtype=float)"),
    ):
        code = f"{outside}\ndef reward(now, before, action):\n    {inside}\n    return {{'a': 1}}\n"
        with pytest.raises(UnsafeCode):
            Reward(code)
    bodies = "`position`, `height`, `forward`, `up`, `velocity`, `angular_velocity`"
    assert f'now.body("...")`: {bodies}' in system_prompt()


@pytest.mark.parametrize("task", ["Ant-v5", "HalfCheetah-v5", "InvertedPendulum-v5", "Reacher-v5"])
def test_the_request_names_what_the_robot_has(task: str) -> None:
    experiment = Experiment(task=task)
    said = begun(3, experiment=experiment).turns[0].text
    model = experiment.make_task()
    assert task in said
    assert '"hop fast"' in said
    assert "Write the measure and 3 candidates" in said
    assert model.reward_code.strip() in said
    if task == "Ant-v5":
        assert '"front_left_leg"' in said
        assert '"hip_1" from qpos[:, 7] and qvel[:, 6]' in said
        assert '"hip_4"' in said.split("actuator:")[1].split("\n")[0]


def test_a_good_answer_is_the_candidates() -> None:
    conversation = begun()
    conversation.take(written(reward(1.0), reward(2.0), goes_on_when_unhealthy=True))
    assert conversation.over
    first, second = conversation.candidates()
    assert (first.reward, second.reward) == (reward(1.0), reward(2.0))
    assert first.measure == second.measure == MEASURE
    assert first.task_options == {"terminate_when_unhealthy": False}
    assert replace(HOPPER.make_task(), **first.task_options)


def test_fences_and_chatter_around_the_answer_are_left_away() -> None:
    conversation = begun(1)
    fenced = written(f"```python\n{reward()}```", measure=f"```\n{MEASURE}```")
    conversation.take(f"Here you are:\n```json\n{fenced}\n```\nGood luck!")
    (candidate,) = conversation.candidates()
    assert candidate.reward == reward()
    assert candidate.measure == MEASURE


@pytest.mark.parametrize("code", HOSTILE)
def test_hostile_code_never_passes(code: str) -> None:
    conversation = begun(1)
    conversation.take(written(code))
    assert not conversation.over
    assert conversation.kept == []
    assert "number 0: reward.py, line" in conversation.turns[-1].text


def test_what_does_not_pass_goes_back_three_times_and_then_it_is_told() -> None:
    conversation = begun(1)
    for i in range(1 + MAX_RETURNS):
        assert not conversation.over
        assert conversation.returns == i
        conversation.take(written("def reward(now, before, action):\n    return {'a': now.foo}\n"))
    assert conversation.over
    assert len(conversation.turns) == 2 * (1 + MAX_RETURNS)
    assert conversation.written == 1 + MAX_RETURNS
    with pytest.raises(AuthorFailed, match=r"no candidate that passes, 3 returns included.*foo"):
        conversation.candidates()


def test_what_passes_is_kept_and_the_rest_is_written_anew() -> None:
    conversation = begun(2)
    conversation.take(written(reward(1.0), "def reward(now, before, action): return {}\n"))
    told = conversation.turns[-1].text
    assert '"number 0" is kept' in told
    assert "The measure stands" in told
    assert "number 1: reward.py: reward must return a dictionary of 1 to 64 terms" in told
    assert "Write 1 more" in told
    conversation.take(written(reward(3.0), measure=""))
    assert conversation.over
    assert [one.reward for one in conversation.candidates()] == [reward(1.0), reward(3.0)]


def test_without_a_measure_nothing_is_taken() -> None:
    conversation = begun(1)
    conversation.take(written(reward(), measure="def measure(now, before): return now.nothing\n"))
    assert "Write the measure anew; of the candidates repeat" in conversation.turns[-1].text
    conversation.take(written(reward(), measure=MEASURE))
    assert conversation.over
    assert len(conversation.candidates()) == 1
    never = begun(1)
    while not never.over:
        never.take(written(reward(), measure=""))
    with pytest.raises(AuthorFailed, match="no measure that passes"):
        never.candidates()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON object"),
        ("I would rather not.", "no JSON object"),
        ('{"measure": "def', "no JSON object"),
        ('{"measure": "a" "b"}', "no JSON: "),
        ("{" * 10_000 + "}" * 10_000, "levels deep"),
        ('{"candidates": 3}', "no list of candidates"),
        ('{"measure": 3, "candidates": []}', "measure is no text"),
        ('{"candidates": [null, {"name": 1}]}', "candidate 2: name, why and reward must be texts"),
        ("x" * (MAX_ANSWER + 1), "may have 200,000"),
        ('{"measure": "\\ud800", "candidates": []}', "half a character"),
    ],
)
def test_nonsense_goes_back(text: str, said: str) -> None:
    conversation = begun(1)
    conversation.take(text)
    assert not conversation.over
    assert said in conversation.turns[-1].text


def test_an_answer_that_was_cut_off_is_told() -> None:
    conversation = begun(1)
    conversation.take('{"measure": "def measure(', cut=True)
    assert "write less" in conversation.turns[-1].text


def test_names_are_lines_for_people() -> None:
    answer = read_answer(
        json.dumps({"candidates": [{"name": "a\n\u202eb" * 99, "why": "\x00", "reward": ""}]})
    )
    assert answer.drafts[0].name.startswith("a b")
    assert len(answer.drafts[0].name) <= 80
    assert answer.drafts[0].why == ""


def attempt(name: str, best: float, source: str) -> Attempt:
    snapshots = [
        Snapshot(
            global_step=1000 * (i + 1),
            measure=best * i / 9,
            episodic_return=1.0,
            episodic_length=100.0,
            terms={"fast": (-1.0, 0.1 * i, 2.0), "alive": (1.0, 1.0, 1.0)},
            sizes={"fast": 0.5, "alive": 1.0},
        )
        for i in range(10)
    ]
    candidate = Candidate(
        name=name, reward=source, measure=MEASURE, why="", task_options={"reset_noise_scale": 0.0}
    )
    return Attempt(candidate=candidate, snapshots=snapshots)


def test_the_brief_carries_the_reflection() -> None:
    attempts = [attempt(f"try {i}", float(i), reward(i + 1.0)) for i in range(6)]
    brief = Brief(words="hop", experiment=HOPPER, attempts=attempts)
    conversation = Conversation(brief, 2)
    said = conversation.turns[0].text
    assert "The measure is fixed" in said
    assert MEASURE.strip() in said
    table = figures(attempts[5])
    assert table[0].count("|") == 1 + 1 + 10 + 3
    assert table[2] == (
        "| measure | 0 | 0.556 | 1.11 | 1.67 | 2.22 | 2.78 | 3.33 | 3.89 | 4.44 | 5 | 5 | 2.5 | 0 |"
    )
    assert "| term fast | 0 | 0.1 |" in table[4]
    assert table[4].endswith("| 2 | 0.45 | -1 |")
    assert "\n".join(table) in said
    assert said.index("try 5") < said.index("try 4") < said.index("try 2")
    assert 'Another, "try 1": measure 1 at best.' in said
    assert "stayed near zero" not in said.split("try 4")[0].split("try 5")[1]
    # Its measure and its options are those of the attempts; what was tried is nothing new.
    conversation.take(written(reward(1.0), reward(9.0), measure="nonsense"))
    assert "number 0: there is the same already" in conversation.turns[-1].text
    conversation.take(written(reward(8.0), measure=""))
    first, _ = conversation.candidates()
    assert first.measure == MEASURE
    assert first.task_options == {"reset_noise_scale": 0.0}


def test_a_huge_robot_and_huge_attempts_make_no_huge_prompt() -> None:
    bodies = "".join(
        f'<body name="{"b" * 40}{i}" pos="{i} 0 1"><freejoint/><geom size="0.1"/></body>'
        for i in range(300)
    )
    robot = f"<mujoco><worldbody>{bodies}</worldbody></mujoco>"
    experiment = of_robot(make_robot({"a.xml": robot.encode()}))
    said = begun(experiment=experiment).turns[0].text
    assert "more" in said
    assert len(said) < 20_000


def test_the_author_asks_until_it_has_what_it_wants() -> None:
    answers = iter(["nonsense", written(reward())])
    author = make_author("llm", ask=lambda _: Reply(text=next(answers), cost={"dollars": 0.1}))
    assert isinstance(author, LlmAuthor)
    (candidate,) = author.propose(Brief(words="hop", experiment=HOPPER), 1)
    assert author.cost == {"dollars": 0.2}
    Measure(candidate.measure)
    with pytest.raises(InvalidArgument, match="No language model can be asked"):
        make_author("llm")
    with pytest.raises(InvalidArgument, match="words must say"):
        begun(words=" ")


def test_attempts_of_the_offline_author_can_be_told() -> None:
    candidates = OfflineAuthor().propose(Brief(words="hop", experiment=HOPPER), 2)
    attempts = [Attempt(candidate=one) for one in candidates]
    said = Conversation(Brief(words="hop", experiment=HOPPER, attempts=attempts), 1).turns[0].text
    assert "It has not been learnt from." in said
    assert candidates[1].reward.strip() in said


def test_a_page_leads_the_conversation() -> None:
    """What a tab's worker does for it: the page keeps the answers and the tournament's state."""
    settings = {"words": "hop on", "author": "llm", "candidates": 1, "steps": 100_000}

    def act(state: str | None, act: str, **given: Any) -> dict[str, Any]:
        return tournament.step(HOPPER, state, act, json.dumps(given), 0.0)

    first = act(None, "begin", **settings)
    assert first["stage"] == "author"
    before = tournament.converse(HOPPER, None, "hop on", 1, "[]")
    asked = tournament.converse(HOPPER, first["state"], "", 0, "[]")
    assert asked["turns"] == before["turns"]
    assert (asked["over"], asked["candidates"]) == (False, "")
    bad = [written("def reward(now, before, action):\n    return {}\n"), False]
    back = tournament.converse(HOPPER, first["state"], "", 0, json.dumps([bad]))
    assert back["returns"] == 1
    assert "reward must return a dictionary" in back["problems"][0]
    good = [written(reward(), measure=""), False]
    done = tournament.converse(HOPPER, first["state"], "", 0, json.dumps([bad, good]))
    assert done["over"]
    candidates = json.loads(done["candidates"])
    answer = {"candidates": candidates, "failure": "", "cost": {"dollars": 0.5}}
    step = act(first["state"], "answer", **answer)
    assert step["stage"] == "trial"
    assert [contender["reward"] for contender in step["contenders"]] == [reward()]
    assert json.loads(step["state"])["decisions"][0]["cost"] == {"dollars": 0.5}
    never = tournament.converse(HOPPER, first["state"], "", 0, json.dumps([bad] * 4))
    assert "3 returns included" in never["failure"]
    with pytest.raises(AuthorFailed, match="It refuses"):
        act(first["state"], "answer", candidates=[], failure="It refuses.", cost={})
