/**
 * The running simulation, what the user has set, and the user's own experiment if there is one: applies
 * changes, to the simulation as it runs or by making a new one, and keeps the address in step.
 */

import { MARK } from '../sim/page/links.js';
import { fetchManifest } from '../sim/page/manifest.js';
import { recoded } from '../sim/page/recoding.js';
import { CODE } from '../sim/shared/constants.js';
import { WebSim } from '../sim/websim.js';
import { isOwn, sameRobots, titleOf } from './experiment.js';
import { newId } from './keeping/ids.js';
import { OPTIONS, comparedOf, groupsOf, rebuilds, savedController } from './panel/options.js';
import { readUrl, writeUrl } from './urlstate.js';

/**
 * @typedef {import('./panel/options.js').Options} Options
 * @typedef {import('../sim/websim.js').Progress} Progress
 * @typedef {import('../sim/shared/protocol.js').Experiment} Experiment
 *
 * @typedef {object} Served  a robot or a run from the server
 * @property {string} id     of what is in it
 * @property {string} name   of the file
 * @property {import('../sim/shared/protocol.js').CompleteExperiment} experiment
 * @property {ArrayBuffer} archive
 * @property {boolean} hasLearnt  whether a policy is in it
 * @property {string} [sha256]    of the archive, where it is known
 * @property {string} [stored]    its id in the server's store; empty: it is not there
 * @property {boolean} [trusted]  its code may do anything: somebody has said so
 * @property {{title: string, author: string, claim: import('../sim/shared/messages.js').Claim|null}} [link]  that it came by
 */

/** Events of WebSim that are passed on. */
const PASSED = /** @type {const} */ (['notice', 'badState', 'library', 'state', 'error', 'episode', 'code', 'scene', 'tournament', 'authoring']);

/**
 * Events: `options` (any of them changed), `experiment` (another one is simulated, or it was changed), `opening`, `progress` (detail: Progress), `overture`
 * (detail: WebSim, whose robots move though it is not open yet), `opened`,
 * `failed` (detail: Error), `refused` (detail: Error; training cannot be as it was asked for),
 * `closing` (the simulation is about to go), and of WebSim those above with their payload as detail.
 */
export class Session extends EventTarget {
  /** @type {WebSim|null} */
  sim = null;
  /** Called before the simulation goes; it is waited for. @type {() => Promise<void>} */
  leaving = async () => {};
  /** Asks whether what is to be simulated may do more than calculate. @type {(name: string, problems: string) => Promise<boolean>} */
  trusts = async () => false;
  /** Brings to a simulation what its robots are to move by, before they do. @type {(sim: WebSim) => Promise<void>} */
  equips = async () => {};
  /** What the server was asked to open, once it is there. @type {Served|null} */
  served = null;
  /** The user's own. @type {{id: string, experiment: Experiment}|null} */
  #own = null;
  /** What is to be learnt, if anything is. @type {import('../sim/page/trainingrun.js').TrainingOptions|null} */
  #training = null;
  /** Whose workers the next simulation takes over: one before another that could not be made, or what read a link. @type {import('../sim/websim.js').Options['replacing']} */
  #left;
  /** A link that carries a run, while it is what is simulated. */
  #link = '';
  /** Done when the newest call of `open` is. @type {Promise<void>|null} */
  #opening = null;
  #again = false;
  /** Events wait until the page is there to hear them; null: it is. @type {CustomEvent[]|null} */
  #unheard = [];

  constructor() {
    super();
    const { options, problems } = readUrl(location.search, history.state);
    this.options = options;
    /** What the address said and could not be understood. */
    this.problems = problems;
    this.#link = location.hash.startsWith(MARK) ? location.hash : '';
    // A link that is put into the address of a page that is open already.
    addEventListener('hashchange', () => location.hash.startsWith(MARK) && location.reload());
    addEventListener('popstate', () => this.#apply(readUrl(location.search, history.state).options));
  }

  /**
   * Changes options on the user's behalf; the back button returns to what was before.
   *
   * @param {Partial<Options>} change
   * @param {'push'|'replace'} [how]
   * @returns {Promise<void>|undefined}  of the simulation that it needs, if it needs another one
   */
  set(change, how = 'push') {
    const next = { ...this.options, ...change };
    // Who chooses a task leaves the experiment of one's own, and who chooses that one leaves the server's.
    if (change.task !== undefined && change.experiment === undefined) next.experiment = '';
    if (change.task !== undefined || change.experiment !== undefined) {
      next.open = '';
      this.#leaveLink();
    }
    if (change.open) next.experiment = '';
    // Another simulation has other robots.
    if (change.follow === undefined && rebuilds(difference(this.options, next))) next.follow = null;
    writeUrl(next, how);
    return this.#apply(next);
  }

  /**
   * Takes over options of a simulation that is about to be opened, and its experiment.
   *
   * @param {Partial<Options>} change @param {Experiment} experiment
   */
  async adopt(change, experiment) {
    const { experiment: present } = this;
    if (present && sameRobots(experiment, present)) return this.#adopt(change);
    this.#adopt({ ...change, ...(isOwn(experiment) ? await this.#keep(newId(), experiment) : { task: experiment.task, experiment: '' }) });
  }

  /** Something else is to be simulated than what the link carries, which is dropped from the address. */
  #leaveLink() {
    if (!this.#link) return;
    this.#link = '';
    history.replaceState(history.state, '', location.pathname + location.search);
  }

  /** By which the user's own experiment is known; empty: there is none. @param {Options} options */
  #keyOf({ experiment, open }) {
    return experiment || this.#link || (open && `open ${open}`);
  }

  /** @param {Partial<Options>} change */
  #adopt(change) {
    if (change.task !== undefined || change.experiment) this.#leaveLink();
    const next = { ...this.options, ...change };
    const different = difference(this.options, next);
    this.options = next;
    writeUrl(next, 'push');
    this.#emit('options', different);
    this.#emit('experiment');
  }

  /** What is simulated, its robot's files in `archive`; null where there are several types. @returns {Experiment|null} */
  get experiment() {
    const { options } = this;
    if (this.#own && this.#own.id === this.#keyOf(options)) return this.#own.experiment;
    const [group, ...more] = groupsOf(options);
    return more.length ? null : { task: group.task };
  }

  /**
   * Simulates an experiment of the user's own.
   *
   * @param {Experiment} experiment
   * @param {Partial<Options>} [change]  of options with it
   * @param {{tried?: boolean}} [how]  tried: a worker has made some of its environments already
   * @throws {Error} it cannot be simulated; everything stays as it was
   */
  async bring(experiment, change = {}, { tried = false } = {}) {
    if (!tried) await this.#check(experiment);
    this.set({ ...change, ...await this.#keep(newId(), experiment) });
  }

  /**
   * Changes what is simulated: its reward, its measure or anything else of it. A built-in task becomes an
   * experiment of the user's own by that.
   *
   * @param {{[K in keyof Experiment]?: Experiment[K] | null}} change  null takes something away
   * @param {{live?: boolean}} [how]  live: the simulation has the change already, and goes on
   * @throws {Error} it cannot be simulated; everything stays as it was
   */
  async change(change, { live = false } = {}) {
    const { experiment: before, options: { experiment: id } } = this;
    if (!before) throw new Error('There are several types of robots: choose one of them first.');
    const experiment = recoded(before, change);
    if (!live) await this.#check(experiment);
    this.#adopt(await this.#keep(id || newId(), experiment));
    if (live) return;
    this.#training = null;
    await this.open();
  }

  /**
   * Works with the simulation: waits for one that is being opened, and begins again with the next where it is
   * replaced meanwhile.
   *
   * @template T
   * @param {(sim: WebSim) => Promise<T>} work  may be called several times
   * @returns {Promise<T>}
   * @throws {Error} what `work` throws; there is no simulation, as none could be opened
   */
  async use(work) {
    for (;;) {
      await this.#opening;
      const { sim } = this;
      if (!sim) throw new Error('There is no simulation, as it could not be opened: choose other robots or load the page again.');
      try {
        return await work(sim);
      } catch (error) {
        if (this.sim === sim) throw error;
      }
    }
  }

  /** @param {Experiment} experiment @throws {Error} it cannot be simulated */
  async #check(experiment) {
    await this.#opening;
    // Without a simulation the next one is what tells.
    if (this.sim) await this.use((sim) => sim.check(experiment));
  }

  /** Puts an experiment into the list of the user's own, beside the present one. @param {Experiment} experiment */
  async keep(experiment) {
    await this.#store(newId(), experiment);
  }

  /** @param {string} id @param {Experiment} experiment */
  async #store(id, experiment) {
    const { keepExperiment } = await import('./keeping/experiments.js');
    await keepExperiment(id, experiment).catch(({ message }) => this.#emit('notice', { level: 'warning', message }));
  }

  /**
   * The user's own from now on, and after a reload.
   *
   * @param {string} id @param {Experiment} experiment
   * @returns {Promise<Partial<Options>>}  the options with it
   */
  async #keep(id, experiment) {
    const [{ tasks }] = await Promise.all([fetchManifest(), this.#store(id, experiment)]);
    this.#own = { id, experiment };
    // Elsewhere the address shows the task, if it is a built-in one.
    return { experiment: id, open: '', ...(tasks.includes(experiment.task) ? { task: experiment.task } : {}) };
  }

  /** Brings the experiment of which only the name is known yet: after a reload, or from the server. */
  async #find() {
    const { options } = this;
    const id = this.#keyOf(options);
    if (!id || this.#own?.id === id) return;
    if (id === this.#link) {
      // Nothing else takes its place where it cannot be read.
      const [experiment, { tasks }] = await Promise.all([this.#read(id), fetchManifest()]);
      this.#own = { id, experiment };
      // The task is shown, if it is a built-in one.
      this.#show({ ...(tasks.includes(experiment.task) ? { task: experiment.task } : {}), ...this.#learnt });
      this.#emit('experiment');
      return;
    }
    try {
      this.#own = { id, experiment: await (options.experiment ? kept(options.experiment) : this.#fetch(options.open)) };
      if (!options.experiment) this.#show(this.#learnt);
      this.#emit('experiment');
    } catch (error) {
      this.#emit('notice', { level: 'error', message: /** @type {Error} */ (error).message });
      this.#adopt({ experiment: '', open: '' });
    }
  }

  /** What the simulation that is being made already has of the options. @param {Partial<Options>} change */
  #show(change) {
    this.options = { ...this.options, ...change };
    writeUrl(this.options, 'replace');
    this.#emit('options', change);
  }

  /** Robots move by what the run has learnt, where the address does not say by what. @returns {Partial<Options>} */
  get #learnt() {
    const { served, options: { controller } } = this;
    return served?.hasLearnt && controller === OPTIONS.controller.initial ? { controller: savedController(served.id) } : {};
  }

  /** What a link carries. @param {string} link @returns {Promise<Experiment>} */
  async #read(link) {
    const { options } = this;
    const { id, archive, experiment, title, author, claim, workers } = await WebSim.readLink(link, {
      numEnvs: groupsOf(options)[0].numEnvs,
      numWorkers: options.workers,
      onProgress: (progress) => this.#emit('progress', progress),
    });
    this.#left = workers;
    this.served = { id, name: `${title}.websim`, experiment, archive, hasLearnt: true, link: { title, author, claim } };
    return experiment;
  }

  /** What the server was asked to open. @param {string} name @returns {Promise<Experiment>} */
  async #fetch(name) {
    const response = await fetch(new URL(`../open/${encodeURIComponent(name)}.json`, import.meta.url));
    const about = await response.json();
    if (!response.ok) throw new Error(about.message);
    const file = await fetch(new URL(`../open/${about.sha256}.websim`, import.meta.url));
    if (!file.ok) throw new Error(`${name} has changed while it was read: load the page again.`);
    const archive = await file.arrayBuffer();
    const experiment = about.experiment.robot ? { ...about.experiment, archive } : about.experiment;
    this.served = { id: about.sha256.slice(0, 16), name: about.name, experiment, archive, hasLearnt: about.hasLearnt, sha256: about.sha256, stored: about.stored ? name : '' };
    return experiment;
  }

  /** @param {Options} next */
  #apply(next) {
    const change = difference(this.options, next);
    if (Object.keys(change).length === 0) return;
    this.options = next;
    this.#emit('options', change);
    if ('experiment' in change || 'task' in change) this.#emit('experiment');
    if ('renderer' in change) location.reload();
    else if (rebuilds(change)) {
      this.#training = null;
      return this.open();
    }
    else this.#applyLive(change);
  }

  /** @param {Partial<Options>} change */
  #applyLive({ speed, paused, seed }) {
    if (!this.sim) return;
    if (seed !== undefined) this.sim.reset({ seed }).catch((error) => this.#emit('error', error));
    if (speed !== undefined) this.sim.setSpeed(speed);
    if (paused !== undefined) paused ? this.sim.pause() : this.sim.play();
  }

  /**
   * Opens a simulation whose robots learn, beside them those that are compared; null: one without.
   *
   * @param {import('../sim/page/trainingrun.js').TrainingOptions|null} training
   */
  async train(training) {
    this.#training = training;
    // The robots have other indices then.
    if (this.options.follow !== null) this.set({ follow: null }, 'replace');
    await this.open();
  }

  /** Opens a simulation for the present options, closing the one before. The newest call wins. */
  open() {
    this.#again = true;
    this.#opening ??= this.#openNewest();
    return this.#opening;
  }

  async #openNewest() {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#replace();
      } catch (error) {
        if (this.#again) continue;
        if (this.#training) {
          // The user's own simulation comes back.
          this.#training = null;
          this.#again = true;
          this.#emit('refused', error);
        } else {
          this.#emit('failed', error);
        }
      }
    }
    this.#opening = null;
  }

  async #replace() {
    await this.leaving();
    this.#emit('opening');
    const before = this.#leave();
    const training = this.#training;
    await this.#find();
    const replaced = before ?? this.#left;
    const { options, experiment } = this;
    const moves = !options.paused && options.controller === 'random';
    const sim = await WebSim.create({
      replacing: replaced,
      training: training ?? undefined,
      tasks: training ? besideOf(options, training)
        : experiment ? [{ experiment, numEnvs: groupsOf(options)[0].numEnvs }] : groupsOf(options),
      numWorkers: options.workers,
      seed: options.seed,
      speed: options.speed,
      onProgress: (progress) => this.#emit('progress', progress),
      onOverture: moves ? (early) => this.#emit('overture', early) : undefined,
    }).catch((error) => {
      // The next attempt may still have its workers.
      this.#left = replaced;
      return this.#asked(error);
    });
    if (!sim) return;
    this.#left = undefined;
    this.sim = sim;
    for (const type of PASSED) {
      sim.on(type, (/** @type {unknown} */ payload) => this.#emit(type, payload));
    }
    if (this.#again) return;
    if (!training) await this.equips(sim);
    if (this.#again) return;
    // What was set while it opened.
    this.#applyLive({ speed: this.options.speed, seed: this.options.seed === sim.seed ? undefined : this.options.seed });
    this.#emit('opened');
  }

  /**
   * What somebody else has written may do more than calculate: then the user is asked, and it is opened once more.
   *
   * @param {Error} error  why it could not be made
   * @returns {Promise<null>}
   */
  async #asked(error) {
    const { options } = this;
    const own = this.#own;
    const strange = error.name === 'UnsafeCode' && own && !this.#training && own.id === this.#keyOf(options);
    if (!strange || !await this.trusts(titleOf(own.experiment), error.message)) throw error;
    own.experiment = { ...own.experiment, trusted: CODE };
    if (this.served && !options.experiment) this.served.trusted = true; // it is not asked again
    this.#again = true;
    return null;
  }

  async close() {
    await this.#leave()?.close();
  }

  /** The simulation that there was, which nobody shows any longer. */
  #leave() {
    const { sim } = this;
    if (!sim) return undefined;
    this.sim = null;
    this.#emit('closing');
    return sim;
  }

  /** Starts or holds the simulation as the options say. */
  run() {
    this.#applyLive({ paused: this.options.paused });
  }

  /** Tells what has happened so far, and from now on tells at once. */
  attend() {
    const unheard = this.#unheard ?? [];
    this.#unheard = null;
    for (const event of unheard) this.dispatchEvent(event);
  }

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    const event = new CustomEvent(type, { detail });
    if (this.#unheard) this.#unheard.push(event);
    else this.dispatchEvent(event);
  }
}

/**
 * @param {Options} before @param {Options} after
 * @returns {Partial<Options>}  what is different afterwards
 */
function difference(before, after) {
  const names = /** @type {(keyof Options)[]} */ (Object.keys(after));
  const changed = names.filter((name) => before[name] !== after[name]);
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

/**
 * The robots beside those that learn.
 *
 * @param {Options} options @param {import('../sim/page/trainingrun.js').TrainingOptions} training
 */
function besideOf(options, { experiment }) {
  const numEnvs = comparedOf(options).reduce((sum, { envs }) => sum + envs, 0);
  return numEnvs && experiment ? [{ experiment, numEnvs }] : [];
}

/** @param {string} id @returns {Promise<Experiment>} */
async function kept(id) {
  const { findExperiment } = await import('./keeping/experiments.js');
  const experiment = await findExperiment(id);
  if (!experiment) throw new Error('The robot that was here is no longer kept in this browser: bring it again.');
  return experiment;
}
