"""What the drawing is made of, piece by piece, in a page without a simulation."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

#: A scene with nothing in it, and what makes one geom of it.
HELPERS = """
  const scene = (geoms, more = {}) => ({
    nbody: 3, extent: 2, trackBody: 1, travels: false, undrawn: [],
    materials: [], textures: [], meshes: [], hfields: [],
    ...more,
    geoms: geoms.map((geom) => ({
      name: '', type: 'sphere', body: 1, group: 0, size: [0.1, 0, 0], pos: [0, 0, 0],
      quat: [1, 0, 0, 0], rgba: [1, 1, 1, 1], material: -1, data: -1, ...geom,
    })),
  });
  // Poses of two bodies for each environment: at (x, 0, 1), not turned.
  const shard = (first, places, before = places, sequence = 1) => {
    const poses = (xs) => Float32Array.from(xs.flatMap((x) => [
      [0, 0, 0, 1, 0, 0, 0], [x, 0, 1, 1, 0, 0, 0], [x, 0, 1, 1, 0, 0, 0],
    ]).flat());
    return {
      first, count: places.length, bodies: 3, sequence, time: 1000, interval: 100,
      current: poses(places), previous: poses(before),
    };
  };
"""


@pytest.fixture(scope="module")
def modules(chromium: Browser, server: str) -> Iterator[Page]:
    """The page with its import map, but without the dashboard."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.route("**/app/main.js", lambda route: route.abort())
        page.goto(server)
        yield page


def run(page: Page, body: str, argument: Any = None) -> Any:
    """The value that a function's body returns; `x` is its argument."""
    return page.evaluate(f"async (x) => {{ {HELPERS} {body} }}", argument)


@pytest.mark.parametrize(
    ("geom", "size"),
    [
        ({"type": "sphere", "size": [0.5, 0, 0]}, [1, 1, 1]),
        ({"type": "capsule", "size": [0.1, 0.4, 0]}, [0.2, 0.2, 1]),
        ({"type": "cylinder", "size": [0.1, 0.4, 0]}, [0.2, 0.2, 0.8]),
        ({"type": "ellipsoid", "size": [0.1, 0.2, 0.3]}, [0.2, 0.4, 0.6]),
        ({"type": "box", "size": [0.1, 0.2, 0.3]}, [0.2, 0.4, 0.6]),
        # Turned by 90 degrees about x: what was along z is along y.
        (
            {"type": "capsule", "size": [0.1, 0.4, 0], "quat": [0.5**0.5] * 2 + [0, 0]},
            [0.2, 1, 0.2],
        ),
        ({"type": "plane", "size": [0.3, 0.4, 0.1]}, [0.6, 0.8, 0]),
        ({"type": "mesh", "data": 0}, [1, 2, 3]),
        ({"type": "hfield", "data": 0}, [2, 4, 0.5]),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_shapes_have_the_geoms_sizes(
    modules: Page, geom: dict[str, Any], size: list[float]
) -> None:
    measured = run(
        modules,
        """
        const { DETAILS, batchesOf, geometryOf } = await import('/app/stage/scene/shapes.js');
        const it = scene([x], {
          meshes: [{
            vertices: new Float32Array([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
            faces: new Uint32Array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]),
            normals: new Float32Array(),
          }],
          hfields: [{
            nrow: 3, ncol: 3, size: [1, 2, 0.5, 0.1],
            data: new Float32Array([0, 0, 0, 0, 1, 0, 0, 0, 0]),
          }],
        });
        const geometry = geometryOf(batchesOf(it)[0], it, DETAILS.near);
        geometry.computeBoundingBox();
        const { min, max } = geometry.boundingBox;
        return [max.x - min.x, max.y - min.y, max.z - min.z];
        """,
        geom,
    )
    assert measured == pytest.approx(size, abs=0.02)


def test_hidden_geoms_and_the_ground_are_left_out(modules: Page) -> None:
    drawn = run(
        modules,
        """
        const { batchesOf, groundOf } = await import('/app/stage/scene/shapes.js');
        const it = scene([
          { name: 'ground', type: 'plane', body: 0 },
          { name: 'wall', type: 'plane', body: 0, quat: [0.5 ** 0.5, 0.5 ** 0.5, 0, 0] },
          { name: 'collision', group: 3 },
          { name: 'invisible', rgba: [1, 1, 1, 0] },
          { name: 'glass', rgba: [1, 1, 1, 0.5] },
          { name: 'torso' },
        ]);
        const names = (batch) => batch.geoms.map(({ name }) => name);
        const batches = batchesOf(it).map((batch) => [batch.transparent, names(batch)]);
        return [groundOf(it).name, ...batches];
        """,
    )
    assert drawn == ["ground", [False, ["wall", "torso"]], [True, ["glass"]]]


def test_poses_are_mixed_between_samples(modules: Page) -> None:
    xs = run(
        modules,
        """
        const { Poses } = await import('/app/stage/scene/poses.js');
        const poses = new Poses(3, 4);
        const at = (now, env) => {
          poses.advance(now);
          return poses.position(env, 1, {}).x;
        };
        // Environment 1 was reset in between: it is two metres away.
        // The last two environments are another shard's.
        const [one, other] = [shard(0, [0.5, 2], [0, 0]), shard(2, [7, 8])];
        const taken = [poses.take([one, other]), poses.take([one, other])];
        const result = [at(1000, 0), at(1050, 0), at(1100, 0), at(2000, 0)];
        result.push(at(1000, 1), at(1000, 3));
        // The worker of the first shard is being replaced, then another one is there.
        poses.take([other]);
        poses.take([shard(0, [3, 3]), other]);
        return [taken, ...result, at(2000, 0), at(2000, 2)];
        """,
    )
    assert xs[0] == [True, False]
    assert xs[1:] == pytest.approx([0, 0.25, 0.5, 0.5, 2, 8, 3, 7])


@pytest.mark.parametrize("numbers", [[1], [2], [1000], [100, 50], [4096]])
def test_environments_have_room(modules: Page, numbers: list[int]) -> None:
    nearest, middle = run(
        modules,
        """
        const { Poses } = await import('/app/stage/scene/poses.js');
        const { layOut } = await import('/app/stage/scene/layout.js');
        const groups = x.map((numEnvs) => ({ numEnvs, scene: scene([{ size: [0.5, 0, 0] }]) }));
        const poses = groups.map(({ numEnvs }) => {
          const of = new Poses(3, numEnvs);
          of.take([shard(0, Array(numEnvs).fill(0))]);
          return of;
        });
        const { plots, bounds } = layOut(groups, poses);
        const cells = plots.flatMap(({ cells }) => [...cells]);
        let nearest = Infinity;
        for (let i = 0; i < cells.length; i += 2) {
          for (let j = Math.max(0, i - 400); j < i; j += 2) {
            const gap = Math.hypot(cells[i] - cells[j], cells[i + 1] - cells[j + 1]);
            nearest = Math.min(nearest, gap);
          }
        }
        return [nearest, [bounds.min.x + bounds.max.x, bounds.min.y + bounds.max.y]];
        """,
        numbers,
    )
    assert nearest is None or nearest > 1.2, "robots of one metre stand in each other"
    assert middle == pytest.approx([0, 0], abs=1e-6)


def test_robots_in_view_are_drawn_the_nearest_first(modules: Page) -> None:
    result = run(
        modules,
        """
        const THREE = await import('three');
        const { Poses } = await import('/app/stage/scene/poses.js');
        const { Choice } = await import('/app/stage/scene/choice.js');
        const { Slots } = await import('/app/stage/scene/robots.js');
        const poses = new Poses(3, 6);
        poses.take([shard(0, [0, 0, 0, 0, 0, 0])]);
        // Five in a row away from the camera, the last one behind it.
        const cells = new Float32Array([0, 5, 0, 10, 0, 15, 0, 20, 0, 200, 0, -50]);
        const robots = {
          group: { offset: 0, numEnvs: 6, scene: scene([{}]) }, poses,
          plot: { cells, lift: 0, size: 1 },
          near: new Slots(1), far: new Slots(6), figures: new Slots(6),
          place: (env, out) => out.set(cells[2 * env], cells[2 * env + 1], 1),
        };
        const camera = new THREE.PerspectiveCamera(45, 1, 0.1, 100);
        camera.up.set(0, 0, 1);
        camera.position.set(0, 0, 1);
        camera.lookAt(0, 1, 1);
        camera.updateMatrixWorld();
        const choice = new Choice([robots]);
        const envs = ({ attribute, count }) => (
          Array.from({ length: count }, (_, i) => attribute.array[3 * i + 2]));
        const drawn = (limit, ...always) => {
          choice.update(camera, camera.position, limit, always);
          const lists = [robots.near, robots.far, robots.figures].map(envs);
          return [choice.inView, choice.full, ...lists];
        };
        return [drawn(10, null), drawn(2, null, null), drawn(2, 5, null), drawn(1, 5, 3)];
        """,
    )
    assert result == [
        [4, 4, [0], [1, 2, 3], []],
        [4, 2, [0], [1], [2, 3]],
        # The followed and the marked robot are drawn in full wherever they are.
        [4, 2, [5], [0], [1, 2, 3]],
        [4, 2, [3], [5], [0, 1, 2]],
    ]


def test_a_floor_is_where_physics_has_it(modules: Page) -> None:
    lifts = run(
        modules,
        """
        const { Poses } = await import('/app/stage/scene/poses.js');
        const { layOut } = await import('/app/stage/scene/layout.js');
        const robot = { type: 'box', size: [0.1, 0.1, 0.1] };
        const floor = { type: 'plane', body: 0, size: [0, 0, 0.1] };
        const floors = [[floor], [{ ...floor, pos: [0, 0, -3] }], [{ ...floor, group: 4 }], []];
        return floors.map((floors) => {
          const poses = new Poses(3, 1);
          poses.take([shard(0, [0])]);
          const { plots } = layOut([{ numEnvs: 1, scene: scene([robot, ...floors]) }], [poses]);
          return plots[0].lift;
        });
        """,
    )
    # The last model has none: one is drawn below the robot, which starts at a height of 1.
    assert lifts == pytest.approx([0, 3, 0, -0.8])


def test_a_robot_that_is_held_has_a_world_that_moves(modules: Page) -> None:
    held, free = run(
        modules,
        """
        const { Poses } = await import('/app/stage/scene/poses.js');
        const poses = new Poses(3, 2, 1);
        poses.take([shard(0, [0, 0])]);
        const walked = shard(0, [4, -3], [3.5, -3], 2);
        const look = (held) => {
          poses.hold(held);
          const taken = poses.take([walked]);
          poses.advance(1050);
          const x = (env, body) => poses.position(env, body, {}).x;
          return [taken, x(0, 0), x(0, 1), x(0, 2), x(1, 0), x(1, 1)];
        };
        return [look(true), look(false)];
        """,
    )
    assert held == [True, pytest.approx(-3.75), 0, 0, 3, 0]
    assert free == [True, 0, pytest.approx(3.75), pytest.approx(3.75), 0, -3]


def test_without_a_gpu_drawing_keeps_to_its_share(modules: Page) -> None:
    interval, robots, hands_on = run(
        modules,
        """
        const { Budget } = await import('/app/stage/scene/budget.js');
        const budget = new Budget({ software: true, robots: 1000, spareCores: 0, screenRatio: 2 });
        // Each robot takes a millisecond.
        for (let i = 0; i < 400; i++) budget.note(5 + budget.robots);
        return [budget.interval(false), budget.robots, budget.interval(true)];
        """,
    )
    assert 20 < robots < 100
    assert (5 + robots) / interval <= 0.11
    assert hands_on < interval


def test_with_a_gpu_slow_frames_take_shadows_then_pixels_then_robots(modules: Page) -> None:
    steps = run(
        modules,
        """
        const { Budget } = await import('/app/stage/scene/budget.js');
        const budget = new Budget({ software: false, robots: 1000, spareCores: 0, screenRatio: 2 });
        const look = () => [budget.shadows, budget.pixelRatio, budget.robots];
        const steps = [look()];
        const go = (cost, changes) => {
          for (let i = 0; i < 5000 && changes; i++) {
            if (!budget.note(cost)) continue;
            steps.push(look());
            changes--;
          }
        };
        go(50, 3);
        go(4, 2);
        return [steps, budget.interval(false)];
        """,
    )
    assert steps == [
        [
            [True, 2, 1000],
            [False, 2, 1000],
            [False, 1, 1000],
            [False, 1, 700],
            [False, 1, 875],
            [False, 1, 1000],
        ],
        0,
    ]


def test_a_renderer_that_is_far_too_slow_has_no_gpu(modules: Page) -> None:
    software, frames, interval = run(
        modules,
        """
        const { Budget } = await import('/app/stage/scene/budget.js');
        const budget = new Budget({ software: false, robots: 1000, spareCores: 0, screenRatio: 2 });
        let frames = 0;
        while (!budget.software && frames++ < 100) budget.note(1500);
        return [budget.software, frames, budget.interval(false)];
        """,
    )
    assert software
    assert frames < 10
    assert interval > 500
