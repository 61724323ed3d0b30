/**
 * Surfaces that bend, of flexes and of skins, as plain data: each vertex goes with some bodies, by weights.
 *
 * @typedef {object} SceneSoft
 * @property {number} bones       bodies for each vertex
 * @property {Int32Array} bodies  [v, bones]
 * @property {Float32Array} parts [v, bones, 4]  where the vertex is in the frame of each, times its weight; the weight
 * @property {Float32Array|null} normals [v, bones, 3]  likewise; null: those of its faces, as it bends
 * @property {Uint32Array} faces  [f, 3]
 * @property {Float32Array|null} texcoords  [v, 2]
 * @property {number} texture     index into textures, or -1
 * @property {number[]} rgba
 *
 * @typedef {object} SceneRope  a flex of lines
 * @property {[import('./scene.js').ScenePoint, import('./scene.js').ScenePoint][]} lines
 * @property {number} radius
 * @property {number[]} rgba
 *
 * @typedef {Pick<import('./scene.js').SceneMaterial, 'texture'|'rgba'>} Material
 */

/** MuJoCo's viewer shows the groups below. */
const VISIBLE_GROUPS = 3;

/** Bodies that a vertex of a skin goes with at most: those of the greatest weights. */
const MOST_BONES = 4;

/** Corners of a cell whose nodes are interpolated. */
const CORNERS = 8;

/** Whether this description has words for a flex: not where quadratic nodes are interpolated. @param {any} model @param {number} i */
export const describes = (model, i) => (model.flex_interp[i] === 0 || (model.flex_interp[i] === 1 && model.flex_dim[i] > 1));

/** @param {any} model @param {number} i */
const shown = (model, i) => model.flex_group[i] < VISIBLE_GROUPS && describes(model, i);

/** @param {any} model @param {Material[]} materials @returns {SceneSoft[]} */
export function softOf(model, materials) {
  return [
    ...all(model.nflex).filter((i) => shown(model, i) && model.flex_dim[i] > 1).map((i) => flexOf(model, i, materials)),
    ...all(model.nskin).filter((i) => model.skin_group[i] < VISIBLE_GROUPS).map((i) => skinOf(model, i, materials)),
  ];
}

/** @param {any} model @param {Material[]} materials @returns {SceneRope[]} */
export function ropesOf(model, materials) {
  return all(model.nflex).filter((i) => shown(model, i) && model.flex_dim[i] === 1).map((i) => {
    const [first, from] = [model.flex_vertadr[i], model.flex_elemdataadr[i]];
    const point = (/** @type {number} */ at) => {
      const vertex = first + model.flex_elem[at];
      return { body: model.flex_vertbodyid[vertex], pos: row(model.flex_vert, vertex, 3) };
    };
    return {
      lines: all(model.flex_elemnum[i]).map((line) => /** @type {SceneRope['lines'][0]} */ ([point(from + 2 * line), point(from + 2 * line + 1)])),
      radius: model.flex_radius[i],
      rgba: colourOf(row(model.flex_rgba, i, 4), materials[model.flex_matid[i]]),
    };
  });
}

/** As in MuJoCo's renderer: what is the default grey has its material's colour. @param {number[]} rgba @param {{rgba: number[]}|undefined} material */
export function colourOf(rgba, material) {
  return material && rgba.every((value, c) => value === [0.5, 0.5, 0.5, 1][c]) ? material.rgba : rgba;
}

/** @param {any} model @param {number} i @param {Material[]} materials @returns {SceneSoft} */
function flexOf(model, i, materials) {
  const [first, count] = [model.flex_vertadr[i], model.flex_vertnum[i]];
  const surface = model.flex_dim[i] === 2;
  const [from, faces] = surface ? [model.flex_elemdataadr[i], model.flex_elemnum[i]] : [model.flex_shelldataadr[i], model.flex_shellnum[i]];
  const own = {
    ...(model.flex_interp[i] ? interpolated(model, i) : {
      bones: 1,
      bodies: Int32Array.from(model.flex_vertbodyid.subarray(first, first + count)),
      parts: Float32Array.from(all(count).flatMap((v) => [...row(model.flex_vert, first + v, 3), 1])),
    }),
    normals: null,
    faces: Uint32Array.from((surface ? model.flex_elem : model.flex_shell).subarray(from, from + 3 * faces)),
    rgba: colourOf(row(model.flex_rgba, i, 4), materials[model.flex_matid[i]]),
  };
  const texture = surface && model.flex_texcoordadr[i] >= 0 ? materials[model.flex_matid[i]]?.texture ?? -1 : -1;
  if (texture < 0) return { ...own, texcoords: null, texture };
  // A vertex may have several places on the texture: each corner has its own.
  const { bones, bodies, parts } = own;
  const corners = Array.from(own.faces);
  const places = model.flex_elemtexcoord.subarray(from, from + 3 * faces);
  return {
    ...own,
    bodies: Int32Array.from(corners.flatMap((v) => row(bodies, v, bones))),
    parts: Float32Array.from(corners.flatMap((v) => row(parts, v, 4 * bones))),
    faces: Uint32Array.from(corners.keys()),
    texcoords: Float32Array.from(Array.from(places).flatMap((at) => row(model.flex_texcoord, model.flex_texcoordadr[i] + at, 2))),
    texture,
  };
}

/** Vertices that are interpolated between the nodes of the cell around them. @param {any} model @param {number} i */
function interpolated(model, i) {
  const [first, count, node] = [model.flex_vertadr[i], model.flex_vertnum[i], model.flex_nodeadr[i]];
  const cells = row(model.flex_cellnum, i, 3);
  const bodies = new Int32Array(CORNERS * count);
  const parts = new Float32Array(4 * CORNERS * count);
  for (let v = 0; v < count; v++) {
    const at = row(model.flex_vert0, first + v, 3).map((part, axis) => part * cells[axis]);
    const cell = at.map((part, axis) => Math.min(cells[axis] - 1, Math.max(0, Math.floor(part))));
    for (let corner = 0; corner < CORNERS; corner++) {
      const way = [corner >> 2, (corner >> 1) & 1, corner & 1];
      const weight = way.reduce((product, end, axis) => product * (end ? at[axis] - cell[axis] : 1 - at[axis] + cell[axis]), 1);
      const [x, y, z] = cell.map((part, axis) => part + way[axis]);
      const id = node + (x * (cells[1] + 1) + y) * (cells[2] + 1) + z;
      bodies[CORNERS * v + corner] = model.flex_nodebodyid[id];
      parts.set([...row(model.flex_node, id, 3).map((part) => weight * part), weight], 4 * (CORNERS * v + corner));
    }
  }
  return { bones: CORNERS, bodies, parts };
}

/** @param {any} model @param {number} i @param {Material[]} materials @returns {SceneSoft} */
function skinOf(model, i, materials) {
  const [first, count] = [model.skin_vertadr[i], model.skin_vertnum[i]];
  const face = model.skin_faceadr[i];
  const faces = Uint32Array.from(model.skin_face.subarray(3 * face, 3 * (face + model.skin_facenum[i])));
  const places = Float64Array.from(model.skin_vert.subarray(3 * first, 3 * (first + count)));
  const outwards = normalsOf(places, faces);
  const inflate = model.skin_inflate[i];
  for (let c = 0; c < places.length; c++) places[c] += inflate * outwards[c];

  /** Of each vertex, its bones by weight. @type {{bone: number, weight: number}[][]} */
  const holds = Array.from({ length: count }, () => []);
  for (let bone = model.skin_boneadr[i]; bone < model.skin_boneadr[i] + model.skin_bonenum[i]; bone++) {
    const begin = model.skin_bonevertadr[bone];
    for (let at = begin; at < begin + model.skin_bonevertnum[bone]; at++) {
      holds[model.skin_bonevertid[at]].push({ bone, weight: model.skin_bonevertweight[at] });
    }
  }
  const bodies = new Int32Array(MOST_BONES * count);
  const parts = new Float32Array(4 * MOST_BONES * count);
  const normals = new Float32Array(3 * MOST_BONES * count);
  holds.forEach((all, v) => {
    const strongest = all.sort((a, b) => b.weight - a.weight).slice(0, MOST_BONES);
    const whole = sum(all) / sum(strongest);
    strongest.forEach(({ bone, weight: of }, b) => {
      const at = MOST_BONES * v + b;
      const weight = whole * of;
      const quat = row(model.skin_bonebindquat, bone, 4);
      const from = row(model.skin_bonebindpos, bone, 3);
      bodies[at] = model.skin_bonebodyid[bone];
      const place = turnedBack(quat, from.map((part, c) => places[3 * v + c] - part));
      parts.set([...place.map((part) => weight * part), weight], 4 * at);
      normals.set(turnedBack(quat, row(outwards, v, 3)).map((part) => weight * part), 3 * at);
    });
  });
  const material = materials[model.skin_matid[i]];
  const texcoord = model.skin_texcoordadr[i];
  return {
    bones: MOST_BONES,
    bodies,
    parts,
    normals,
    faces,
    texcoords: texcoord < 0 ? null : model.skin_texcoord.slice(2 * texcoord, 2 * (texcoord + count)),
    texture: texcoord < 0 ? -1 : material?.texture ?? -1,
    rgba: colourOf(row(model.skin_rgba, i, 4), material),
  };
}

/** @param {{weight: number}[]} holds */
const sum = (holds) => holds.reduce((whole, { weight }) => whole + weight, 0);

/** Of each vertex, the mean of its faces' by their size. @param {Float64Array} places  [v, 3] @param {Uint32Array} faces */
function normalsOf(places, faces) {
  const normals = new Float64Array(places.length);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => row(places, faces[f + corner], 3));
    const [u, v] = [b, c].map((place) => place.map((part, axis) => part - a[axis]));
    for (let corner = 0; corner < 3; corner++) {
      for (let axis = 0; axis < 3; axis++) {
        const [next, last] = [(axis + 1) % 3, (axis + 2) % 3];
        normals[3 * faces[f + corner] + axis] += u[next] * v[last] - u[last] * v[next];
      }
    }
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(normals[v], normals[v + 1], normals[v + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) normals[v + axis] /= length;
  }
  return normals;
}

/** Turns by the inverse of a quaternion. @param {number[]} quat  w, x, y, z @param {number[]} vector */
function turnedBack([w, x, y, z], [a, b, c]) {
  const [p, q, r] = [c * y - b * z - w * a, a * z - c * x - w * b, b * x - a * y - w * c].map((part) => -part);
  return [a, b, c].map((part, i) => part + 2 * [q * z - r * y, r * x - p * z, p * y - q * x][i]);
}

/** @param {number} count */
const all = (count) => Array.from({ length: count }, (_, i) => i);

/** @param {ArrayLike<number>} array @param {number} i @param {number} size @returns {number[]} */
const row = (array, i, size) => Array.prototype.slice.call(array, i * size, (i + 1) * size);
