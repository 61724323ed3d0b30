/** What the user opens: robots, runs, recordings, policies of other programs, and code. It is read in a worker; what is wrong is told, and nothing changes. */

import { MAX_ROBOT_BYTES, MAX_RUN_BYTES } from '../../sim/shared/constants.js';
import { h, setText } from '../dom.js';
import { titleOf } from '../experiment.js';
import { bytes, count } from '../format.js';
import { askFiles, askModel, trusting } from './questions.js';

/**
 * @typedef {import('./files.js').Files} Files
 *
 * @typedef {object} Settings
 * @property {import('../session.js').Session} session
 * @property {(file: File) => Promise<void>} openRun
 * @property {(file: File, say: import('../sharing/work.js').Say) => Promise<void>} openRecording
 * @property {() => boolean} learning  whether robots learn
 * @property {(error: Error) => void} report
 * @property {(message: string) => void} tell
 */

/** What goes on for longer than so many milliseconds is shown. */
const PATIENCE_MS = 1000;

/** A library of which so long nothing is heard is waited for no longer: it has failed, or its worker. */
const QUIET_MS = 10_000;

export class Opener {
  #quiet = 0;

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.what = h('p');
    this.bar = h('progress', { max: '1', 'aria-label': 'Reading' });
    /** Shown while something takes its time. */
    this.element = h('section', { class: 'reading card', 'aria-live': 'polite', hidden: true }, this.what, this.bar);
  }

  /** What it does. @type {import('../sharing/work.js').Say} */
  say = (text, part) => {
    setText(this.what, text);
    if (part === undefined) this.bar.removeAttribute('value');
    else this.bar.value = part;
  };

  /** Workers load a library. @param {import('../exchange/library.js').Library} told */
  async wait(told) {
    const { loading } = await import('../exchange/library.js');
    loading(this.say)(told);
    this.element.hidden = false;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => (this.element.hidden = true), told.loaded < told.bytes ? QUIET_MS : 0);
  }

  /** @param {Files | Promise<Files>} given */
  async open(given) {
    const slow = setTimeout(() => (this.element.hidden = false), PATIENCE_MS);
    try {
      this.say('Reading the files …');
      await this.#open(await given);
    } catch (error) {
      this.settings.report(/** @type {Error} */ (error));
    } finally {
      clearTimeout(slow);
      this.element.hidden = true;
    }
  }

  /** @param {Files} files */
  async #open(files) {
    const [file, ...more] = Object.values(files);
    if (!file) throw new Error('There are no files in it.');
    if (!more.length && /\.websim$/i.test(file.name)) return this.#openRun(file);
    if (!more.length && /\.py$/i.test(file.name)) return this.#openCode(file);
    const recording = recordingAmong(files);
    if (recording) return this.settings.openRecording(recording, this.say);
    const policy = policyAmong([file, ...more]);
    if (policy) return this.#openPolicy(policy);
    return this.#openRobot(files);
  }

  /** @param {File} file */
  async #openRun(file) {
    if (file.size > MAX_RUN_BYTES) {
      throw new Error(`${file.name} has ${megabytes(file.size)}; up to ${megabytes(MAX_RUN_BYTES)} can be opened here.`);
    }
    await this.settings.openRun(file);
  }

  /** @param {{policy: File, statistics: File|null}} files */
  async #openPolicy({ policy, statistics }) {
    const { session: { experiment }, openRun } = this.settings;
    for (const { name, size } of [policy, ...statistics ? [statistics] : []]) {
      if (size > MAX_RUN_BYTES) throw new Error(`${name} has ${megabytes(size)}; up to ${megabytes(MAX_RUN_BYTES)} can be opened here.`);
    }
    if (!experiment) throw new Error('There are robots of several types: choose the one that the policy is for, then open it again.');
    const { TakeSheet } = await import('../exchange/takesheet.js');
    new TakeSheet({ policy, statistics, experiment, openRun }).open();
  }

  /** @param {Files} files */
  async #openRobot(files) {
    const { session, learning } = this.settings;
    let given = files;
    /** @type {string|undefined} */
    let main;
    for (;;) {
      const all = Object.values(given);
      const size = all.reduce((sum, file) => sum + file.size, 0);
      // Runs were zip archives by name as well.
      const most = all.length === 1 && /\.zip$/i.test(all[0].name) ? MAX_RUN_BYTES : MAX_ROBOT_BYTES;
      if (size > most) throw new Error(`${nameOf(given)} has ${megabytes(size)}; up to ${megabytes(most)} can be opened here.`);
      this.say(`Reading ${nameOf(given)} (${bytes(size)}) …`);
      const contents = await Promise.all(Object.entries(given).map(async ([path, file]) => [path, await file.arrayBuffer()]));
      const { experiment, missing, models, kind } = await session.use((sim) => sim.readRobot(Object.fromEntries(contents), main));
      if (kind === 'run') return this.#openRun(all[0]);
      if (kind === 'policy') return this.#openPolicy({ policy: all[0], statistics: null });
      if (kind === 'recording') return this.settings.openRecording(all[0], this.say);
      if (models.length) {
        main = await askModel(models) ?? undefined;
        if (!main) return;
      } else if (missing.length) {
        const others = await askFiles(missing);
        if (!others) return;
        given = { ...given, ...others };
      } else if (experiment) {
        if (learning()) throw new Error('Robots learn: stop the training, then open the robot again.');
        return session.bring(experiment, {}, { tried: true });
      }
    }
  }

  /** @param {File} file */
  async #openCode(file) {
    const { session, tell } = this.settings;
    const code = await file.text();
    const kinds = /** @type {const} */ (['reward', 'measure']).filter((kind) => new RegExp(`^def ${kind}\\(`, 'm').test(code));
    const [kind] = kinds;
    if (!kinds.length && /\bregister\b/.test(code)) return this.#openTasks(file.name, code);
    if (kinds.length !== 1) {
      throw new Error(`${file.name} must define either reward(now, before, action), or measure(now, before), or tasks under @websim.register.`);
    }
    const done = await trusting(file.name, async (trusted) => {
      await session.change({ [kind]: code, ...(trusted ? { trusted: [kind] } : {}) });
      return true;
    });
    if (done) tell(`${file.name} is the ${kind} now.`);
  }

  /** @param {string} name  of the file @param {string} code */
  async #openTasks(name, code) {
    const { session, learning, tell } = this.settings;
    const { experiment: before } = session;
    if (learning()) throw new Error('Robots learn: stop the training, then open the tasks again.');
    const present = before?.robot ? { task: before.task, task_options: before.task_options, title: before.title, robot: before.robot, archive: before.archive } : null;
    const tasks = await trusting(name, (trusted) => session.use((sim) => sim.readTasks(code, { name, present, trusted })));
    if (!tasks) return;
    const [first, ...others] = tasks;
    for (const task of others) await session.keep(task);
    await session.bring(first, {}, { tried: true });
    if (others.length) tell(`${others.map(titleOf).join(', ')} of ${name} can be chosen under “Your own”.`);
  }
}

/**
 * A policy among files, perhaps with the statistics that it sees observations through.
 *
 * @param {File[]} files
 */
function policyAmong(files) {
  const statistics = files.find(({ name }) => /\.(npz|json|pkl)$/i.test(name)) ?? null;
  const others = files.filter((file) => file !== statistics);
  const kind = statistics ? /\.(onnx|cleanrl_model|pt|pth|safetensors|zip)$/i : /\.(onnx|cleanrl_model|pt|pth|safetensors)$/i;
  return others.length === 1 && kind.test(others[0].name) ? { policy: others[0], statistics } : null;
}

/**
 * Recorded episodes among files: one file, or the folder of a dataset of Minari's.
 *
 * @param {Files} files
 */
function recordingAmong(files) {
  const [[path, file], ...more] = Object.entries(files);
  if (!more.length && /\.(npz|hdf5|h5)$/i.test(path)) return file;
  const inside = Object.entries(files).find(([one]) => /^[^/]+\/data\/main_data\.hdf5$/.test(one));
  return inside ? new File([inside[1]], `${inside[0].split('/')[0]}.hdf5`) : null;
}

/** As limits are said, here and in Python. @param {number} size */
const megabytes = (size) => `${Math.ceil(size / (1 << 20))} MB`;

/** @param {Files} files */
function nameOf(files) {
  const [path, ...more] = Object.keys(files);
  const [folder] = path.split('/');
  if (!more.length) return path;
  const common = path !== folder && more.every((other) => other.startsWith(`${folder}/`));
  return `${common ? folder : path} and what comes with it (${count(more.length + 1)} files)`;
}
