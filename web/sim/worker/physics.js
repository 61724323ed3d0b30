/**
 * A batch of environments of one model in MuJoCo WASM: one MjModel and one MjData, and the state of
 * each environment swapped in, stepped and swapped out. `websim/physics/wasm.py` is its Python side;
 * the batch arrays are numpy's, in Pyodide's memory, and their rows are copied without Python.
 */

import { POSE_SIZE } from '../shared/memory.js';
import { ModelError } from '../shared/errors.js';
import { PYTHON_FILES } from './files.js';
import { flagsOf } from './flags.js';
import { namesOf } from './names.js';

const SIZES = [
  'nq', 'nv', 'na', 'nu', 'nactuator', 'nout', 'nbody', 'njnt', 'ngeom', 'nsite', 'ntendon', 'neq',
  'nmocap', 'nuserdata', 'nhistory', 'npluginstate', 'nsensor', 'nsensordata', 'nkey',
];

const ARRAYS = [
  'qpos0', 'body_mass', 'body_parentid', 'body_rootid', 'jnt_type', 'jnt_axis', 'jnt_pos', 'jnt_bodyid',
  'jnt_qposadr', 'jnt_dofadr', 'jnt_range', 'jnt_actfrcrange', 'geom_type', 'geom_aabb', 'geom_bodyid',
  'geom_contype', 'geom_conaffinity', 'site_bodyid', 'key_qpos', 'key_qvel', 'key_act', 'tendon_range',
  'actuator_ctrlrange', 'actuator_forcerange',
  'actuator_dyntype', 'actuator_gaintype', 'actuator_gainprm', 'actuator_biastype', 'actuator_biasprm',
  'actuator_gear', 'actuator_trntype', 'actuator_trnid', 'actuator_ctrladr', 'actuator_ctrlnum', 'actuator_outadr',
  'actuator_outnum', 'sensor_adr', 'sensor_dim',
];

/** MuJoCo's own state (mjSTATE_INTEGRATION), which is swapped, besides `time`. */
export const STATE = [
  'qpos', 'qvel', 'act', 'history', 'qacc_warmstart', 'ctrl', 'qfrc_applied', 'xfrc_applied',
  'eq_active', 'mocap_pos', 'mocap_quat', 'userdata', 'plugin_state',
];

/** The arrays that mj_step leaves out and mj_rnePostConstraint computes. */
const POST_CONSTRAINT = ['cacc', 'cfrc_int', 'cfrc_ext'];

/** Numbers of a pull, as `websim.physics.PULL_SIZE`: body, mass, point [3], target [3], anchor [3]. */
export const PULL_SIZE = 11;

/** Below this MuJoCo divides by nothing (mjMINVAL). */
const SMALLEST = 1e-15;

/** What the rows of an array of MjModel belong to, by how its name begins. */
const ROWS = /** @type {Record<string, string>} */ ({
  body: 'nbody', jnt: 'njnt', dof: 'nv', geom: 'ngeom', bvh: 'nbvh', pair: 'npair', tendon: 'ntendon',
  actuator: 'nactuator',
});

/** The warnings after which MuJoCo has reset the state: it was not finite, or beyond 1e10. */
const BAD_STATE = ['mjWARN_BADQPOS', 'mjWARN_BADQVEL', 'mjWARN_BADQACC'];

/** A heartbeat at most so often, in milliseconds, and looked at every so many environments. */
const BEAT_MS = 1000;
const BEAT_ENVS = 16;

/** Embind objects alive in this thread: they are not garbage collected, so each is accounted for. */
const alive = new Set();

/** @template {{delete(): void}} T @param {T} object @returns {T} */
function track(object) {
  alive.add(object);
  return object;
}

/** @param {{delete(): void}} object */
function free(object) {
  if (alive.delete(object)) object.delete();
}

/** How many embind objects this thread holds. */
export const embindObjects = () => alive.size;

/**
 * A numpy array [numEnvs, size] and the array of MjData that its rows mirror.
 *
 * @typedef {object} Mirror
 * @property {string} name    in MjData
 * @property {number} address of the numpy array in Pyodide's memory
 * @property {number} size    doubles a row
 * @property {Float64Array} batch
 * @property {Float64Array} single
 */

/**
 * A numpy array [numEnvs, size] and the array of MjModel, or the number of one of its parts, that
 * differs by environment.
 *
 * @typedef {object} Parameter
 * @property {any} of         MjModel or a part of it
 * @property {string} key     what it has there
 * @property {number} address of the numpy array in Pyodide's memory
 * @property {number} size    doubles a row
 * @property {Float64Array} batch
 * @property {Float64Array} single  empty: it is a number
 */

/** A model: as MJCF text, or as a file among Python's, beside which what it names is looked for.
 *
 * @typedef {{xml: string, path?: undefined} | {path: string, xml?: undefined}} Source
 */

/** A floor with heights (`websim.physics.heightfield`).
 *
 * @typedef {object} Floor
 * @property {string} name
 * @property {number} nrow
 * @property {number} ncol
 * @property {number[]} size    [4], as hfield_size
 * @property {number} lowest    height of what is 0 in the data
 * @property {Float32Array} data  [nrow, ncol] in 0..1
 */

const TOO_LARGE = 'The model asks for more memory than MuJoCo has in a tab, which is 2 GiB for each worker.';

export class BatchPhysics {
  /**
   * @param {import('./boot.js').Mujoco} mujoco
   * @param {() => ArrayBuffer} pythonMemory  Pyodide's memory as it is now (it moves when it grows)
   * @param {(compiles?: boolean) => void} beat  told about once a second that the loop is alive; and that
   *   MuJoCo begins to compile
   * @param {Source} source
   * @param {number} numEnvs
   * @param {Floor | null} [floor]  in place of the model's planes
   */
  constructor(mujoco, pythonMemory, beat, source, numEnvs, floor) {
    this.mujoco = mujoco;
    this.pythonMemory = pythonMemory;
    this.beat = beat;
    this.numEnvs = numEnvs;
    beat(true);
    this.model = track(compile(mujoco, source, floor ?? null));
    this.data = makeData(mujoco, this.model);
    beat();
    this.switches = new Switches(mujoco, this.model, this.data);
    /** Made when something is pulled first. @type {any} */
    this.perturb = null;
    /** @type {Parameter[]} loaded before anything is done with an environment */
    this.parameters = [];
    /** @type {Mirror[]} loaded before a step, and saved after it */
    this.state = [];
    /** @type {Mirror[]} saved only */
    this.outputs = [];
    this.timeAddress = 0;
    this.badAddress = 0;
    this.pullsAddress = 0;
    this.postConstraint = false;
    this.time = new Float64Array(0);
    this.bad = new Uint8Array(0);
    this.pulls = new Float64Array(0);
    this.poseSize = this.model.nbody * POSE_SIZE;
    /** Poses of all environments for display, [numEnvs, nbody, POSE_SIZE], of their last step. */
    this.poses = new Float32Array(numEnvs * this.poseSize);
    this.xpos = new Float64Array(0);
    this.xquat = new Float64Array(0);
    /** Milliseconds spent in `step`. */
    this.elapsedMs = 0;
    this.lastBeat = 0;
  }

  /** The sizes, constants and names of `websim.physics.Model`. */
  describe() {
    const { model, mujoco } = this;
    const { timestep, enableflags } = model.opt;
    const { mjENBL_SLEEP, mjENBL_ENERGY } = mujoco.mjtEnableBit;
    return {
      ...Object.fromEntries(SIZES.map((size) => [size, model[size]])),
      state_size: mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION.value),
      sleeps: (enableflags & mjENBL_SLEEP.value) !== 0,
      stale_energy: (enableflags & mjENBL_ENERGY.value) !== 0
        && model.sensor_type.includes(mujoco.mjtSensor.mjSENS_E_KINETIC.value),
      timestep,
      ...Object.fromEntries(ARRAYS.map((array) => [array, model[array]])),
      jnt_limited: flagsOf(model, 'jnt', model.njnt, 'limited'),
      jnt_actfrclimited: flagsOf(model, 'jnt', model.njnt, 'actfrclimited'),
      tendon_limited: flagsOf(model, 'tendon', model.ntendon, 'limited'),
      actuator_forcelimited: flagsOf(model, 'actuator', model.nu, 'forcelimited'),
      body_names: namesOf(model, 'body'),
      joint_names: namesOf(model, 'jnt'),
      geom_names: namesOf(model, 'geom'),
      site_names: namesOf(model, 'site'),
      tendon_names: namesOf(model, 'tendon'),
      actuator_names: namesOf(model, 'actuator'),
      sensor_names: namesOf(model, 'sensor'),
      key_names: namesOf(model, 'key'),
    };
  }

  /** Elements that an array of MjData has, for one environment. @param {string} name */
  sizeOf(name) {
    const array = this.#single(name);
    if (!(array instanceof Float64Array)) {
      throw new ModelError(`MjData has no array of doubles named '${name}'`);
    }
    return array.length;
  }

  /** The array of MjData. @param {string} name */
  #single(name) {
    return name === 'eq_active' ? this.switches.refresh() : this.data[name];
  }

  /**
   * Names the memory of a batch array: rows of `data[name]`, or of `time`, `bad` and `pulls`.
   *
   * @param {string} name
   * @param {number} address  in Pyodide's memory
   */
  bind(name, address) {
    if (name === 'time') this.timeAddress = address;
    else if (name === 'bad') this.badAddress = address;
    else if (name === 'pulls') this.pullsAddress = address;
    else if (this.sizeOf(name)) (STATE.includes(name) ? this.state : this.outputs).push(this.#mirror(name, address));
    this.postConstraint ||= POST_CONSTRAINT.includes(name);
    this.time = new Float64Array(0); // views are made anew before the next use
  }

  /**
   * Names the memory of a batch array that has rows of MjModel: an environment's model has them.
   *
   * @param {string} name
   * @param {number} address  in Pyodide's memory
   */
  bindModel(name, address) {
    const none = new Float64Array(0);
    const [of, key] = this.#placeOf(name);
    const size = typeof of[key] === 'number' ? 1 : of[key].length;
    this.parameters.push({ of, key, address, size, batch: none, single: none });
    this.time = new Float64Array(0); // views are made anew before the next use
  }

  /** A copy of an array of MjModel, or of a number of one of its parts. @param {string} name */
  modelArray(name) {
    const [of, key] = this.#placeOf(name);
    const value = of[key];
    if (typeof value === 'number') return { values: Float64Array.of(value), shape: [] };
    const rows = this.#rowsOf(name) ?? value.length;
    const columns = value.length / rows;
    return { values: value.slice(), shape: columns > 1 ? [rows, columns] : [value.length] };
  }

  /** How many objects an array of MjModel is about. @param {string} name @returns {number | undefined} */
  #rowsOf(name) {
    const { model } = this;
    if (/^actuator_(gear|acc0|length0)$/.test(name)) return model.nout;
    return model[ROWS[name.split('_')[0]]];
  }

  /** MjModel or a part of it, and what it has there. @param {string} name @returns {[any, string]} */
  #placeOf(name) {
    const [first, second] = name.split('.');
    return second ? [this.model[first], second] : [this.model, first];
  }

  /** @param {string} name @param {number} address @returns {Mirror} */
  #mirror(name, address) {
    const none = new Float64Array(0);
    return { name, address, size: this.sizeOf(name), batch: none, single: none };
  }

  /** A view has length 0 after the memory under it grew: then all are made anew. */
  #refreshViews() {
    if (this.time.length && this.xpos.length) return;
    const memory = this.pythonMemory();
    const n = this.numEnvs;
    for (const mirror of [...this.state, ...this.outputs]) {
      mirror.batch = new Float64Array(memory, mirror.address, n * mirror.size);
      mirror.single = this.#single(mirror.name);
    }
    for (const parameter of this.parameters) {
      const { of, key, address, size } = parameter;
      parameter.batch = new Float64Array(memory, address, n * size);
      if (typeof of[key] !== 'number') parameter.single = of[key];
    }
    this.time = new Float64Array(memory, this.timeAddress, n);
    this.bad = new Uint8Array(memory, this.badAddress, n);
    this.pulls = new Float64Array(memory, this.pullsAddress, n * PULL_SIZE);
    this.xpos = this.data.xpos;
    this.xquat = this.data.xquat;
  }

  /**
   * Steps environments.
   *
   * @param {number} nstep  mj_step calls an environment
   * @param {number} [first]
   * @param {number} [end]  the one after the last
   */
  step(nstep, first = 0, end = this.numEnvs) {
    const start = performance.now();
    const { mujoco, model, data } = this;
    const ranOn = (nstep - 0.5) * model.opt.timestep;
    this.#refreshViews();
    for (let i = first; i < end; i++) {
      this.#load(i);
      const before = this.time[i];
      const pull = this.pulls[i * PULL_SIZE + 1] > 0 ? this.#takePull(i) : null;
      for (let k = 0; k < nstep; k++) {
        pull?.();
        mujoco.mj_step(model, data);
      }
      if (this.postConstraint) mujoco.mj_rnePostConstraint(model, data);
      this.#save(i);
      // MuJoCo's reset of a bad state sets the time to 0: a time that ran on needs no closer look.
      const suspect = before === 0 || !(this.time[i] - before > ranOn);
      this.bad[i] = suspect && this.#takeBadState() ? 1 : 0;
      if (i % BEAT_ENVS === 0) this.#keepAlive();
    }
    this.elapsedMs += performance.now() - start;
  }

  /**
   * Makes ready for an environment's pull.
   *
   * @param {number} i
   * @returns {() => void} to be called before each physics step: pulls, beside what acts on the body anyway
   */
  #takePull(i) {
    const { mujoco, model, data } = this;
    const perturb = (this.perturb ??= track(new mujoco.MjvPerturb()));
    const [body, mass, ...places] = this.pulls.subarray(i * PULL_SIZE, (i + 1) * PULL_SIZE);
    perturb.select = body;
    perturb.active = mujoco.mjtPertBit.mjPERT_TRANSLATE.value;
    perturb.localmass = mass;
    perturb.localpos.set(places.slice(0, 3));
    perturb.refselpos.set(places.slice(3, 6));
    // What the state before left behind is of another environment.
    mujoco.mj_kinematics(model, data);
    mujoco.mj_comPos(model, data);
    mujoco.mj_comVel(model, data);
    const applied = data.xfrc_applied.subarray(6 * body, 6 * (body + 1));
    const besides = applied.slice();
    return () => {
      mujoco.mjv_applyPerturbForce(model, data, perturb);
      for (let k = 0; k < 6; k++) applied[k] += besides[k];
    };
  }

  /**
   * What a hand has hold of; see `websim.physics.Physics.grasp`.
   *
   * @param {any} pyIndices [k] int32, numpy
   * @param {number} body
   * @param {any} pyPoint [3] of the body, a list
   * @returns {Float64Array} [k, 7]: mass, and where the point and the centre of mass are
   */
  grasp(pyIndices, body, pyPoint) {
    const { mujoco, model, data } = this;
    const [indices, point] = [pyIndices.toJs(), pyPoint.toJs()];
    const { nv } = model;
    const grasped = new Float64Array(7 * indices.length);
    const [jacobian, solved] = [3 * nv, nv].map((size) => track(new mujoco.DoubleBuffer(Math.max(1, size))));
    this.#refreshViews();
    indices.forEach((/** @type {number} */ i, /** @type {number} */ k) => {
      this.#load(i);
      mujoco.mj_fwdPosition(model, data);
      if (!this.xpos.length) this.#refreshViews();
      const [pos, mat] = [this.xpos.subarray(3 * body), data.xmat.subarray(9 * body)];
      const where = [0, 1, 2].map((r) => (
        pos[r] + mat[3 * r] * point[0] + mat[3 * r + 1] * point[1] + mat[3 * r + 2] * point[2]
      ));
      let inverse = 0;
      if (nv) {
        mujoco.mj_jac(model, data, jacobian, null, where, body);
        const rows = Array.from(jacobian.GetView());
        for (let r = 0; r < 3; r++) {
          const row = rows.slice(r * nv, (r + 1) * nv);
          mujoco.mj_solveM(model, data, solved, row);
          inverse += solved.GetView().reduce((/** @type {number} */ sum, /** @type {number} */ value, /** @type {number} */ v) => sum + row[v] * value, 0);
        }
      }
      this.#keepAlive();
      grasped.set([inverse > SMALLEST ? 3 / inverse : 0, ...where, ...data.xipos.subarray(3 * body, 3 * body + 3)], 7 * k);
    });
    free(jacobian);
    free(solved);
    return grasped;
  }

  /**
   * See `start`; for Python.
   *
   * @param {any} indices [k] int32, numpy
   * @param {any} qpos    [k, nq] float64, numpy
   * @param {any} qvel    [k, nv] float64, numpy
   */
  reset(indices, qpos, qvel) {
    this.start(indices.toJs(), qpos.toJs(), qvel.toJs());
  }

  /**
   * Resets environments: MjData's defaults, these positions and velocities, and what follows.
   *
   * @param {Int32Array} indices [k]
   * @param {Float64Array} qpos  [k, nq]
   * @param {Float64Array} qvel  [k, nv]
   */
  start(indices, qpos, qvel) {
    const { mujoco, model, data } = this;
    this.#refreshViews();
    const { nq, nv } = model;
    for (let k = 0; k < indices.length; k++) {
      this.#loadModel(indices[k]);
      mujoco.mj_resetData(model, data);
      data.qpos.set(qpos.subarray(k * nq, (k + 1) * nq));
      data.qvel.set(qvel.subarray(k * nv, (k + 1) * nv));
      mujoco.mj_forward(model, data);
      this.#save(indices[k]);
      this.bad[indices[k]] = 0;
      if (k % BEAT_ENVS === 0) this.#keepAlive();
    }
  }

  /**
   * Computes everything that follows from the states as they stand in the batch.
   *
   * @param {any} pyIndices [k] int32, numpy
   */
  forward(pyIndices) {
    this.#refreshViews();
    for (const i of pyIndices.toJs()) {
      this.#load(i);
      this.mujoco.mj_forward(this.model, this.data);
      if (this.postConstraint) this.mujoco.mj_rnePostConstraint(this.model, this.data);
      this.#save(i);
      this.#keepAlive();
    }
  }

  /**
   * Contacts of an environment as it is now, with their forces.
   *
   * @param {number} i
   * @returns {Float64Array<ArrayBuffer>} [n, 6]: where it is, and the force on the second of the two geoms, or on the one that is
   *   not the world's; in N, in the world
   */
  contacts(i) {
    const { mujoco, model, data } = this;
    this.#refreshViews();
    this.#load(i);
    mujoco.mj_forward(model, data);
    if (!this.xpos.length) this.#refreshViews();
    const list = track(data.contact);
    const force = track(new mujoco.DoubleBuffer(6));
    const found = new Float64Array(6 * list.size());
    for (let k = 0; k < list.size(); k++) {
      const contact = track(list.get(k));
      mujoco.mj_contactForce(model, data, k, force);
      const own = force.GetView();
      const { frame, pos, geom2 } = contact;
      const way = geom2 >= 0 && model.body_weldid[model.geom_bodyid[geom2]] === 0 ? -1 : 1;
      for (let c = 0; c < 3; c++) {
        found[6 * k + c] = pos[c];
        // The rows of its frame are its axes.
        found[6 * k + 3 + c] = way * (frame[c] * own[0] + frame[3 + c] * own[1] + frame[6 + c] * own[2]);
      }
      free(contact);
    }
    free(force);
    free(list);
    return found;
  }

  /**
   * Computes what MuJoCo makes of the parameters beforehand, and keeps it beside them.
   *
   * @param {any} pyIndices [k] int32, numpy
   */
  setConstants(pyIndices) {
    const { mujoco, model, data } = this;
    this.#refreshViews();
    for (const i of pyIndices.toJs()) {
      this.#loadModel(i);
      mujoco.mj_resetData(model, data); // mocap bodies are where MjData has them
      mujoco.mj_setConst(model, data);
      if (!this.xpos.length) this.#refreshViews();
      this.#saveModel(i);
      this.#keepAlive();
    }
  }

  /** Frees what MuJoCo holds; a second call does nothing. */
  close() {
    this.switches.close();
    if (this.perturb) free(this.perturb);
    free(this.data);
    free(this.model);
  }

  /** @param {number} i */
  #loadModel(i) {
    for (const { of, key, batch, single, size } of this.parameters) {
      if (single.length) for (let j = 0, at = i * size; j < size; j++) single[j] = batch[at + j];
      else of[key] = batch[i];
    }
  }

  /** @param {number} i */
  #saveModel(i) {
    for (const { of, key, batch, single, size } of this.parameters) {
      if (single.length) copyRow(batch, i, single, size);
      else batch[i] = of[key];
    }
  }

  /** @param {number} i */
  #load(i) {
    this.#loadModel(i);
    this.data.time = this.time[i];
    for (const { batch, single, size } of this.state) {
      for (let j = 0, at = i * size; j < size; j++) single[j] = batch[at + j];
    }
    this.switches.store();
  }

  /** @param {number} i */
  #save(i) {
    if (!this.xpos.length) this.#refreshViews();
    this.time[i] = this.data.time;
    this.switches.load();
    for (const { batch, single, size } of this.state) copyRow(batch, i, single, size);
    for (const { batch, single, size } of this.outputs) copyRow(batch, i, single, size);
    const { poses, xpos, xquat } = this;
    let at = i * this.poseSize;
    for (let b = 0, p = 0, q = 0; p < xpos.length; b++) {
      poses[at++] = xpos[p++];
      poses[at++] = xpos[p++];
      poses[at++] = xpos[p++];
      poses[at++] = xquat[q++];
      poses[at++] = xquat[q++];
      poses[at++] = xquat[q++];
      poses[at++] = xquat[q++];
    }
  }

  /** Whether MuJoCo has warned of a bad state; forgets the warning. */
  #takeBadState() {
    const { mujoco, model, data } = this;
    const warnings = data.warning; // belongs to MjData, unlike its elements, which are copies
    const found = BAD_STATE.some((name) => {
      const warning = warnings.get(mujoco.mjtWarning[name].value);
      const { number } = warning;
      warning.delete();
      return number > 0;
    });
    if (found) mujoco.mj_resetData(model, data);
    return found;
  }

  #keepAlive() {
    const now = performance.now();
    if (now - this.lastBeat < BEAT_MS) return;
    this.lastBeat = now;
    this.beat();
  }
}

/** Which equality constraints act: bytes of MjData, of which the module gives no view. */
class Switches {
  /** @param {import('./boot.js').Mujoco} mujoco @param {any} model @param {any} data */
  constructor(mujoco, model, data) {
    this.mujoco = mujoco;
    this.model = model;
    this.data = data;
    this.signature = mujoco.mjtState.mjSTATE_EQ_ACTIVE.value;
    this.buffer = model.neq ? track(new mujoco.DoubleBuffer(model.neq)) : null;
    this.view = this.refresh();
    /** What MjData has. */
    this.known = new Float64Array(model.neq);
  }

  /** @returns {Float64Array} what `store` takes and `load` gives */
  refresh() {
    this.view = this.buffer?.GetView() ?? new Float64Array(0);
    return this.view;
  }

  /** Gives MjData what is in `view`; they seldom change. */
  store() {
    const { known, view } = this;
    if (known.every((value, j) => value === view[j])) return;
    this.mujoco.mj_setState(this.model, this.data, [...view], this.signature);
    known.set(view);
  }

  load() {
    if (!this.known.length) return;
    this.mujoco.mj_getState(this.model, this.data, this.buffer, this.signature);
    this.known.set(this.view);
  }

  close() {
    if (this.buffer) free(this.buffer);
  }
}

/**
 * @param {import('./boot.js').Mujoco} mujoco
 * @param {Source} source
 * @param {Floor | null} floor
 * @throws ModelError with MuJoCo's words, and what they mean where those alone would not tell
 */
function compile(mujoco, source, floor) {
  const { xml, path } = source;
  /** @type {any} */
  let model;
  try {
    if (floor) model = compileOn(mujoco, source, floor);
    else if (path === undefined) model = mujoco.MjModel.from_xml_string(xml);
    else model = mujoco.MjModel.from_xml_path(PYTHON_FILES + path);
  } catch (error) {
    throw new ModelError(messageOf(error));
  }
  if (!model) throw new ModelError(`MuJoCo returned no model. ${TOO_LARGE}`);
  return model;
}

/**
 * Compiles a model whose planes have become a height field, all else of them as it was.
 *
 * @param {import('./boot.js').Mujoco} mujoco
 * @param {Source} source
 * @param {Floor} floor
 */
function compileOn(mujoco, { xml, path }, { name, nrow, ncol, size, lowest, data }) {
  const { FS, mjtObj, mjtGeom } = mujoco;
  const file = PYTHON_FILES + path;
  const text = xml ?? FS.readFile(file, { encoding: 'utf8' });
  const end = text.lastIndexOf('</mujoco>');
  const asset = `<asset><hfield name="${name}" nrow="${nrow}" ncol="${ncol}" size="${size.join(' ')}"/></asset>`;
  const home = FS.cwd();
  // A text has no folder of its own: what it names is looked for in the one that MuJoCo is in.
  if (path !== undefined) FS.chdir(file.slice(0, file.lastIndexOf('/')) || '/');
  /** @type {any} */
  let spec;
  try {
    spec = track(mujoco.parseXMLString(text.slice(0, end) + asset + text.slice(end)));
    const geoms = [];
    for (let element = mujoco.mjs_firstElement(spec, mjtObj.mjOBJ_GEOM); element;) {
      geoms.push(mujoco.mjs_asGeom(element));
      const next = mujoco.mjs_nextElement(spec, element);
      element.delete();
      element = next;
    }
    const isPlane = (/** @type {any} */ geom) => geom.type === mjtGeom.mjGEOM_PLANE;
    const margins = geoms.filter((geom) => !isPlane(geom)).map((geom) => geom.margin);
    for (const plane of geoms.filter(isPlane)) {
      plane.type = mjtGeom.mjGEOM_HFIELD;
      plane.hfieldname = name;
      plane.pos.set([0, 0, plane.pos[2] + lowest]);
      plane.margin = margins.length ? -Math.max(...margins) : 0;
    }
    for (const geom of geoms) geom.delete();
    const model = mujoco.mj_compile(spec);
    if (model) model.hfield_data.set(data, Number(model.hfield_adr[model.nhfield - 1]));
    return model;
  } finally {
    if (spec) free(spec);
    FS.chdir(home);
  }
}

/** @param {import('./boot.js').Mujoco} mujoco @param {any} model */
function makeData(mujoco, model) {
  try {
    return track(new mujoco.MjData(model));
  } catch (error) {
    free(model);
    throw new ModelError(messageOf(error));
  }
}

/** @param {Float64Array} batch @param {number} i @param {Float64Array} row @param {number} size */
function copyRow(batch, i, row, size) {
  for (let j = 0, at = i * size; j < size; j++) batch[at + j] = row[j];
}

/** MuJoCo's message without the prefixes that its bindings put before it. @param {unknown} error */
function messageOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  const told = message.replace(/^(MuJoCo Error: )?(Loading error: |Could not create Spec from XML string: )?/, '').replaceAll(`${PYTHON_FILES}/`, '/').trim();
  const { name } = /** @type {Error} */ (error);
  if (/allocate memory/.test(told) || /^std::(bad_alloc|length_error)/.test(name)) return `${told}. ${TOO_LARGE}`;
  return /plugin \S+ not found/.test(told) ? `${told}. MuJoCo has no plugins in the browser.` : told;
}
