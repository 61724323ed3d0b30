/** Scenes and poses for tests, with as little in them as they need. */

/** A scene of three bodies, the world among them, with geoms of which only what matters is named. */
export function scene(geoms, more = {}) {
  return {
    nbody: 3, extent: 2, trackBody: 1, travels: false, undrawn: [],
    materials: [], textures: [], meshes: [], hfields: [], softs: [], ropes: [], lights: [], headlight: null, sites: [], tendons: [], joints: [],
    ...more,
    geoms: geoms.map((geom) => ({
      name: '', type: 'sphere', body: 1, group: 0, size: [0.1, 0, 0], pos: [0, 0, 0],
      quat: [1, 0, 0, 0], rgba: [1, 1, 1, 1], material: -1, data: -1, ...geom,
    })),
  };
}

/** Poses of the two bodies of each environment: at (x, 0, 1), not turned. */
export function shard(first, places, before = places, sequence = 1) {
  const poses = (xs) => Float32Array.from(xs.flatMap((x) => [
    [0, 0, 0, 1, 0, 0, 0], [x, 0, 1, 1, 0, 0, 0], [x, 0, 1, 1, 0, 0, 0],
  ]).flat());
  return {
    first, count: places.length, bodies: 3, sequence, time: 1000, interval: 100,
    current: poses(places), previous: poses(before),
  };
}
