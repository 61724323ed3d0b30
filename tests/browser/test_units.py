"""Parts of the simulation that need no worker."""

from typing import Any

import pytest

from .conftest import Sim, open_blank


@pytest.fixture
def sim(page: Any, server: str) -> Sim:
    """No simulation is made here, so one mode will do."""
    return open_blank(page, server)


Groups = list[tuple[int, int]]  # number of environments, cost


def divide(sim: Any, groups: Groups, workers: int) -> list[list[tuple[int, int]]]:
    ranges = sim.run(
        """(async ([groups, workers]) => {
          const { divide } = await import('/sim/page/balance.js');
          return divide(groups.map(([numEnvs, cost]) => ({ numEnvs, cost })), workers);
        })(x)""",
        [groups, workers],
    )
    return [[(r["first"], r["count"]) for r in worker] for worker in ranges]


@pytest.mark.parametrize(
    ("groups", "workers"),
    [
        ([(1000, 1)], 2),
        ([(1000, 1)], 50),
        ([(7, 1)], 3),
        ([(3, 100), (1000, 1)], 2),
        ([(1, 50), (1, 30), (1, 20), (5, 1)], 2),
        ([(4096, 1), (1, 9)], 64),
    ],
)
def test_every_environment_is_dealt_once(sim: Any, groups: Groups, workers: int) -> None:
    dealt = divide(sim, groups, workers)
    for g, (num_envs, _) in enumerate(groups):
        covered = [
            first + i for worker in dealt for first, count in [worker[g]] for i in range(count)
        ]
        assert covered == list(range(num_envs))


def test_dear_robots_are_evened_out_by_cheap_ones(sim: Any) -> None:
    groups = [(3, 100), (1000, 1)]
    loads = [
        sum(count * cost for (_, count), (_, cost) in zip(worker, groups, strict=True))
        for worker in divide(sim, groups, 2)
    ]
    assert max(loads) - min(loads) <= 1


@pytest.mark.parametrize(
    ("asked", "machine", "workers", "each", "says"),
    [
        (("auto", 0, 1), {"cores": 2}, 2, 1000, "one for each core. 1000 environments: 500 for"),
        (("auto", 0, 1), {"cores": 16, "gigabytes": 8}, 16, 4096, "the most that there may be"),
        (("auto", 0, 2), {"cores": 16, "gigabytes": 0.5}, 1, 250, "0.5 GB of memory have room"),
        (("auto", 3, 0), {"cores": 8}, 3, 0, "no more workers than environments"),
        ((4, 100, 1), {"cores": 2, "gigabytes": 1}, 4, 1, "as asked. 1 environment: 1 GB"),
    ],
)
def test_the_choice_is_explained(
    sim: Any, asked: Any, machine: Any, workers: int, each: int, says: str
) -> None:
    choice = sim.run(
        """(async ([asked, machine]) => {
          const { choose } = await import('/sim/page/choice.js');
          return choose(...asked, machine);
        })(x)""",
        [asked, machine],
    )
    assert (choice["workers"], choice["environments"]) == (workers, each)
    assert says in " ".join(choice["reasons"])


def test_rates(sim: Any) -> None:
    rate = sim.run(
        """(async () => {
          const { RateMeter } = await import('/sim/page/statistics.js');
          const meter = new RateMeter();
          for (let t = 0; t <= 10000; t += 500) meter.add(t, { steps: t < 5000 ? 0 : t - 5000 });
          return meter.rate('steps');
        })()"""
    )
    assert rate == pytest.approx(1000)


def test_episode_means_are_over_the_last_ones(sim: Any) -> None:
    means = sim.run(
        """(async () => {
          const { EpisodeMeter } = await import('/sim/page/statistics.js');
          const meter = new EpisodeMeter(1);
          for (let i = 0; i < 250; i++) meter.add(i, 2 * i);
          return [meter.count, meter.meanReturn, meter.meanLength];
        })()"""
    )
    assert means == [250, 199.5, 399]


def test_views_share_one_buffer(sim: Any) -> None:
    overlap = sim.run(
        """(async () => {
          const { shardLayout, viewsOf } = await import('/sim/shared/memory.js');
          const layout = shardLayout({
            numEnvs: 3, observationSize: 5, actionSize: 1, rewardTerms: 2, nq: 3, nv: 3, nbody: 2,
          });
          const views = viewsOf(layout, new ArrayBuffer(layout.bytes));
          Object.values(views).forEach((view, i) => view.fill(i + 1));
          return Object.values(views).flatMap((view, i) => Array.from(view, (v) => v === i + 1));
        })()"""
    )
    assert all(overlap)
