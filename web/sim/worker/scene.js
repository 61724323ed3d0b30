import { flagOf } from './flags.js';
import { namesOf } from './names.js';
import { colourOf, describes, ropesOf, softOf } from './soft.js';

/**
 * What a model looks like, as plain data: taken from MjModel in the worker, drawn by the page.
 *
 * @typedef {'plane'|'hfield'|'sphere'|'capsule'|'ellipsoid'|'cylinder'|'box'|'mesh'} GeomType
 *
 * @typedef {object} SceneGeom
 * @property {string} name
 * @property {GeomType} type
 * @property {number} body      index of its body
 * @property {number} group     MuJoCo's viewer shows groups 0 to 2
 * @property {number[]} size    [3], as in MjModel.geom_size
 * @property {number[]} pos     [3] in the body's frame
 * @property {number[]} quat    [4] w, x, y, z in the body's frame
 * @property {number[]} rgba    [4], the material's where it has one
 * @property {number} material  index into materials, or -1
 * @property {number} data      index into meshes or hfields, or -1
 *
 * @typedef {object} SceneMaterial
 * @property {string} name
 * @property {number} texture   index into textures, or -1
 * @property {number[]} texrepeat [2]
 * @property {boolean} texuniform
 * @property {number} specular
 * @property {number} shininess
 * @property {number} reflectance
 * @property {number} emission
 * @property {number[]} rgba    [4]
 *
 * @typedef {object} SceneTexture
 * @property {string} name
 * @property {'2d'|'cube'|'skybox'} type
 * @property {number} width
 * @property {number} height
 * @property {number} channels
 * @property {Uint8Array} data  rows from the top, `channels` bytes a pixel
 *
 * @typedef {object} SceneMesh
 * @property {Float32Array} vertices [v, 3]
 * @property {Uint32Array} faces     [f, 3] into vertices
 * @property {Float32Array} normals  [f, 3, 3], one for each corner of each face
 * @property {Float32Array|null} texcoords [f, 3, 2], likewise, if it has some
 *
 * @typedef {object} SceneHfield
 * @property {boolean} shared  whether all environments stand on it, each at a place of its own
 * @property {number} nrow
 * @property {number} ncol
 * @property {number[]} size [4] radius x, radius y, height, base
 * @property {Float32Array} data [nrow, ncol] in 0..1
 *
 * @typedef {object} SceneSite  as a geom, if it has one of MuJoCo's visible groups
 * @property {GeomType} type
 * @property {number} body
 * @property {number[]} size @property {number[]} pos @property {number[]} quat @property {number[]} rgba
 *
 * @typedef {object} SceneTendon  a path in space
 * @property {number[]} rgba
 * @property {number} width   radius, in metres
 * @property {SceneStop[][]} paths  from site to site; a pulley begins another path
 *
 * @typedef {{body: number, pos: number[]}} ScenePoint  in a body's frame
 *
 * @typedef {ScenePoint & {around?: SceneWrap}} SceneStop  a site, and what lies on the way to it
 *
 * @typedef {object} SceneWrap  a geom that a tendon bends around
 * @property {boolean} cylinder  else a sphere
 * @property {number} radius
 * @property {number} body @property {number[]} pos @property {number[]} quat
 * @property {ScenePoint|null} side  on this side of it the tendon goes
 *
 * @typedef {object} SceneJoint
 * @property {number} body
 * @property {boolean} turns  about its axis; else along it
 * @property {number[]} pos @property {number[]} axis  [3] in the body's frame
 *
 * @typedef {object} SceneLight
 * @property {'spot'|'directional'|'point'} kind
 * @property {boolean} castshadow
 * @property {number} body        that it goes along with
 * @property {boolean} turns      with that; else it keeps its direction
 * @property {number} target      body that it points at, or -1
 * @property {number[]} pos       [3] in the body's frame; where it does not turn, from the body along the world's axes
 * @property {number[]} dir       [3] likewise
 * @property {number[]} diffuse   [3]
 * @property {number[]} ambient   [3]
 * @property {number[]} specular  [3]
 * @property {number[]} attenuation [3] constant, linear, quadratic
 * @property {number} cutoff      in degrees
 * @property {number} exponent
 *
 * @typedef {Pick<SceneLight, 'diffuse'|'ambient'|'specular'>} SceneHeadlight
 *
 * @typedef {object} Scene
 * @property {number} nbody
 * @property {string[]} bodyNames
 * @property {number} timestep
 * @property {SceneGeom[]} geoms
 * @property {SceneMaterial[]} materials
 * @property {SceneTexture[]} textures
 * @property {SceneMesh[]} meshes
 * @property {SceneHfield[]} hfields
 * @property {SceneLight[]} lights
 * @property {SceneHeadlight|null} headlight
 * @property {SceneSite[]} sites
 * @property {SceneTendon[]} tendons
 * @property {SceneJoint[]} joints  without balls and free ones
 * @property {import('./soft.js').SceneSoft[]} softs
 * @property {import('./soft.js').SceneRope[]} ropes
 * @property {Float64Array} mass    [nbody]
 * @property {Float64Array} middles [nbody, 3] centres of mass, in their bodies' frames
 * @property {number} extent
 * @property {number[]} center [3]
 * @property {number} trackBody  the body that a camera follows
 * @property {boolean} travels   whether that body may go anywhere, over nothing but planes
 * @property {string[]} undrawn  kinds of things in the model that are not described here, with their numbers
 */

/** In the order of mjtGeom. */
const GEOM_TYPES = /** @type {const} */ ([
  'plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh',
]);

/** In the order of mjtTexture. */
const TEXTURE_TYPES = /** @type {const} */ (['2d', 'cube', 'skybox']);

/** mjtTextureRole of a material's colour: mjTEXROLE_RGB, and with opacity mjTEXROLE_RGBA. */
const COLOUR_ROLES = [1, 8];
const TEXTURE_ROLES = 10;

/** What terrain is called in a model (`websim.physics.heightfield.NAME`). */
const TERRAIN = 'websim_terrain';

/** In mjtJoint, mjtGeom and mjtWrap. */
const JOINT = { free: 0, slide: 2, hinge: 3 };
const PLANE = 0;
const WRAP = { joint: 1, pulley: 2, site: 3, cylinder: 5 };

/** In the order of mjtLightType, but for images. */
const LIGHT_TYPES = /** @type {const} */ (['spot', 'directional', 'point']);

/** In mjtCamLight. */
const LIGHT_MODE = { track: 1, trackcom: 2, targetbody: 3, targetbodycom: 4 };

/** MuJoCo's viewer shows the groups below. */
const VISIBLE_GROUPS = 3;

/**
 * @param {any} model MjModel
 * @returns {Scene}
 */
export function sceneOf(model) {
  const [bodies, geomNames, materialNames, textureNames] = /** @type {const} */ ([
    'body', 'geom', 'mat', 'tex',
  ]).map((kind) => namesOf(model, kind));
  /** @param {ArrayLike<number>} array @param {number} i @param {number} size */
  const row = (array, i, size) => Array.prototype.slice.call(array, i * size, (i + 1) * size);
  /** @template T @param {number} count @param {(i: number) => T} f */
  const list = (count, f) => Array.from({ length: count }, (_, i) => f(i));

  const materials = list(model.nmat, (i) => {
    const roles = row(model.mat_texid, i, TEXTURE_ROLES);
    return {
      name: materialNames[i],
      texture: COLOUR_ROLES.map((role) => roles[role]).find((id) => id >= 0) ?? -1,
      texrepeat: row(model.mat_texrepeat, i, 2),
      texuniform: flagOf(model, 'mat', i, 'texuniform'),
      specular: model.mat_specular[i],
      shininess: model.mat_shininess[i],
      reflectance: model.mat_reflectance[i],
      emission: model.mat_emission[i],
      rgba: row(model.mat_rgba, i, 4),
    };
  });

  // Kinds beyond the drawn ones (signed distance fields) are left out.
  const drawn = list(model.ngeom, (i) => i).filter((i) => model.geom_type[i] < GEOM_TYPES.length);
  const geoms = drawn.map((i) => {
    const material = model.geom_matid[i];
    return {
      name: geomNames[i],
      type: GEOM_TYPES[model.geom_type[i]],
      body: model.geom_bodyid[i],
      group: model.geom_group[i],
      size: row(model.geom_size, i, 3),
      pos: row(model.geom_pos, i, 3),
      quat: row(model.geom_quat, i, 4),
      rgba: colourOf(row(model.geom_rgba, i, 4), materials[material]),
      material,
      data: model.geom_dataid[i],
    };
  });

  const textures = list(model.ntex, (i) => {
    const [width, height, channels] = [model.tex_width[i], model.tex_height[i], model.tex_nchannel[i]];
    const start = Number(model.tex_adr[i]);
    return {
      name: textureNames[i],
      type: TEXTURE_TYPES[model.tex_type[i]],
      width,
      height,
      channels,
      data: model.tex_data.slice(start, start + width * height * channels),
    };
  });

  const meshes = list(model.nmesh, (i) => {
    const [vertex, vertices] = [model.mesh_vertadr[i], model.mesh_vertnum[i]];
    const [face, faces] = [model.mesh_faceadr[i], model.mesh_facenum[i]];
    const normal = model.mesh_normaladr[i];
    const corners = model.mesh_facenormal.slice(face * 3, (face + faces) * 3);
    const normals = new Float32Array(corners.length * 3);
    for (let c = 0; c < corners.length; c++) {
      const at = (normal + corners[c]) * 3;
      normals.set(model.mesh_normal.subarray(at, at + 3), c * 3);
    }
    return {
      vertices: model.mesh_vert.slice(vertex * 3, (vertex + vertices) * 3),
      faces: Uint32Array.from(model.mesh_face.subarray(face * 3, (face + faces) * 3)),
      normals,
      texcoords: model.mesh_texcoordadr[i] < 0 ? null : Float32Array.from(
        Array.from(model.mesh_facetexcoord.subarray(face * 3, (face + faces) * 3))
          .flatMap((at) => row(model.mesh_texcoord, model.mesh_texcoordadr[i] + at, 2)),
      ),
    };
  });

  const hfieldNames = namesOf(model, 'hfield');
  const hfields = list(model.nhfield, (i) => {
    const [nrow, ncol, start] = [model.hfield_nrow[i], model.hfield_ncol[i], model.hfield_adr[i]];
    return {
      shared: hfieldNames[i] === TERRAIN,
      nrow,
      ncol,
      size: row(model.hfield_size, i, 4),
      data: model.hfield_data.slice(start, start + nrow * ncol),
    };
  });

  const moving = movingOf(model);
  return {
    nbody: model.nbody,
    bodyNames: bodies,
    timestep: model.opt.timestep,
    geoms,
    materials,
    textures,
    meshes,
    hfields,
    ...lightsOf(model),
    ...anatomyOf(model),
    softs: softOf(model, materials),
    ropes: ropesOf(model, materials),
    extent: model.stat.extent,
    center: Array.from(model.stat.center),
    trackBody: moving,
    travels: travels(model, moving),
    undrawn: undrawnOf(model),
  };
}

/**
 * What a model has beside its geoms.
 *
 * @param {any} model
 */
function anatomyOf(model) {
  const row = (/** @type {ArrayLike<number>} */ array, /** @type {number} */ i, /** @type {number} */ size) => (
    Array.prototype.slice.call(array, i * size, (i + 1) * size)
  );
  const all = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => i);
  const sites = all(model.nsite).map((i) => ({
    type: GEOM_TYPES[model.site_type[i]],
    body: model.site_bodyid[i],
    group: model.site_group[i],
    size: row(model.site_size, i, 3),
    pos: row(model.site_pos, i, 3),
    quat: row(model.site_quat, i, 4),
    rgba: row(model.site_rgba, i, 4),
  }));
  // Tendons along joints have no place in space.
  const spatial = all(model.ntendon).filter((i) => model.tendon_group[i] < VISIBLE_GROUPS
    && model.wrap_type[model.tendon_adr[i]] !== WRAP.joint && model.tendon_rgba[4 * i + 3] > 0);
  const tendons = spatial.map((i) => {
    /** @type {SceneTendon['paths']} */
    const paths = [[]];
    /** @type {SceneWrap|undefined} */
    let around;
    for (let w = model.tendon_adr[i]; w < model.tendon_adr[i] + model.tendon_num[i]; w++) {
      const [type, id] = [model.wrap_type[w], model.wrap_objid[w]];
      if (type === WRAP.pulley) {
        paths.push([]);
      } else if (type === WRAP.site) {
        paths[paths.length - 1].push(around ? { ...pointOf(sites[id]), around } : pointOf(sites[id]));
        around = undefined;
      } else {
        const side = model.wrap_prm[w];
        around = {
          cylinder: type === WRAP.cylinder,
          radius: model.geom_size[3 * id],
          body: model.geom_bodyid[id],
          pos: row(model.geom_pos, id, 3),
          quat: row(model.geom_quat, id, 4),
          side: side >= 0 ? pointOf(sites[side]) : null,
        };
      }
    }
    return { rgba: row(model.tendon_rgba, i, 4), width: model.tendon_width[i], paths };
  });
  const joints = all(model.njnt).filter((i) => model.jnt_type[i] === JOINT.slide || model.jnt_type[i] === JOINT.hinge);
  return {
    sites: sites.filter(({ group, rgba, type }) => type && group < VISIBLE_GROUPS && rgba[3] > 0),
    tendons,
    joints: joints.map((i) => ({
      body: model.jnt_bodyid[i],
      turns: model.jnt_type[i] === JOINT.hinge,
      pos: row(model.jnt_pos, i, 3),
      axis: row(model.jnt_axis, i, 3),
    })),
    mass: Float64Array.from(model.body_mass),
    middles: Float64Array.from(model.body_ipos),
  };
}

/** @param {ScenePoint} site @returns {ScenePoint} */
const pointOf = ({ body, pos }) => ({ body, pos });

/**
 * Those that are on, as MuJoCo's renderer has them; an image is none of its.
 *
 * @param {any} model
 */
function lightsOf(model) {
  const row = (/** @type {ArrayLike<number>} */ array, /** @type {number} */ i) => Array.prototype.slice.call(array, 3 * i, 3 * i + 3);
  const shining = Array.from({ length: model.nlight }, (_, i) => i)
    .filter((i) => model.light_type[i] < LIGHT_TYPES.length && flagOf(model, 'light', i, 'active'));
  const { headlight } = model.vis;
  const colours = (/** @type {any} */ { ambient, diffuse, specular }) => ({
    ambient: Array.from(ambient), diffuse: Array.from(diffuse), specular: Array.from(specular),
  });
  return {
    headlight: headlight.active ? colours(headlight) : null,
    lights: shining.map((i) => {
      const mode = model.light_mode[i];
      const body = model.light_bodyid[i];
      const along = mode === LIGHT_MODE.track || mode === LIGHT_MODE.trackcom;
      // Where the world's middle counts, it is that of all that moves.
      const com = mode === LIGHT_MODE.trackcom && body === 0;
      return {
        kind: LIGHT_TYPES[model.light_type[i]],
        castshadow: flagOf(model, 'light', i, 'castshadow'),
        body: com ? movingOf(model) : body,
        turns: !along,
        target: mode === LIGHT_MODE.targetbody || mode === LIGHT_MODE.targetbodycom ? model.light_targetbodyid[i] : -1,
        pos: row(com ? model.light_poscom0 : along ? model.light_pos0 : model.light_pos, i),
        dir: row(along ? model.light_dir0 : model.light_dir, i),
        ...colours({ ambient: row(model.light_ambient, i), diffuse: row(model.light_diffuse, i), specular: row(model.light_specular, i) }),
        attenuation: row(model.light_attenuation, i),
        cutoff: model.light_cutoff[i],
        exponent: model.light_exponent[i],
      };
    }),
  };
}

/** The first body that can move. @param {any} model */
function movingOf(model) {
  return Array.from({ length: model.nbody }, (_, i) => i).find((i) => model.body_dofnum[i] > 0) ?? 0;
}

/**
 * Whether a body may go anywhere, and there is nothing in its world that it could come to but planes.
 *
 * @param {any} model @param {number} body
 */
function travels(model, body) {
  const first = model.body_jntadr[body];
  const joints = Array.from({ length: model.body_jntnum[body] }, (_, i) => first + i);
  // A joint without limits has an empty range.
  const free = joints.some((i) => model.jnt_type[i] === JOINT.free
    || (model.jnt_type[i] === JOINT.slide && model.jnt_range[2 * i] === model.jnt_range[2 * i + 1]));
  const geoms = Array.from({ length: model.ngeom }, (_, i) => i);
  const obstacle = (/** @type {number} */ i) => model.body_weldid[model.geom_bodyid[i]] === 0
    && model.geom_type[i] !== PLANE && (model.geom_contype[i] || model.geom_conaffinity[i]);
  return free && !geoms.some(obstacle);
}

/**
 * What MuJoCo's viewer would show, and this description has no words for.
 *
 * @param {any} model
 */
function undrawnOf(model) {
  const count = (/** @type {number} */ length, /** @type {(i: number) => boolean} */ shown) => (
    Array.from({ length }, (_, i) => shown(i)).filter(Boolean).length
  );
  return Object.entries({
    flex: count(model.nflex, (i) => !describes(model, i) && model.flex_group[i] < VISIBLE_GROUPS),
    'signed distance field': count(model.ngeom, (i) => model.geom_type[i] >= GEOM_TYPES.length),
  }).filter(([, number]) => number > 0).map(([kind, number]) => (
    number === 1 ? `1 ${kind}` : `${number} ${kind === 'flex' ? 'flexes' : `${kind}s`}`
  ));
}
