/** The panel's part on training: puts form, progress, plots, comparison and what is saved together. */

import { h, setText } from '../dom.js';
import { forLearning, isOwn, sameBodies, titleOf } from '../experiment.js';
import { count, measure, short } from '../format.js';
import { trainedTask } from '../panel/controllers.js';
import { OPTIONS, TRAINED, groupsOf, savedController, simulatedBy } from '../panel/options.js';
import { fetchManifest } from '../../sim/page/manifest.js';
import { recoded } from '../../sim/page/recoding.js';
import { Compare } from './compare.js';
import { Curves } from './curves.js';
import { download } from '../opening/files.js';
import { trusting } from '../opening/questions.js';
import { optionsOf, setUpOf, experimentOf } from './hyperparameters.js';
import { Library } from './library.js';
import { nameOf } from './runstable.js';
import { MetricLog } from './metriclog.js';
import { CourseForm, adaptOptionsOf, adaptationOf } from './course/form.js';
import { Levels } from './course/levels.js';
import { Timeline } from './course/timeline.js';
import { TrainingProgress } from './progress.js';
import { Run, fileNameOf } from './run.js';
import { SetUpForm } from './setupform.js';
import { Links, MARK } from '../../sim/page/links.js';
import { idIn, sharedController } from '../sharing/stored.js';

/**
 * @typedef {import('../panel/options.js').Options} Options
 * @typedef {import('./storage.js').RunRecord} RunRecord
 *
 * @typedef {{reward?: string|null, measure?: string|null}} PresentCode  what pays and judges; null: the task itself, nothing
 *
 * @typedef {object} Settings
 * @property {import('../session.js').Session} session
 * @property {import('./coach.js').Coach} training
 * @property {import('./storage.js').RunStore} store
 * @property {import('./hyperparameters.js').Algorithms} algorithms
 * @property {import('../../sim/shared/messages.js').Threshold[]} thresholds  of runs that change their own course
 * @property {import('../../sim/shared/messages.js').TrainedRun[]} trained  runs that come with the page
 * @property {() => void} enlarge     the plots
 * @property {() => void} enlargeRuns  the table of runs
 * @property {() => void} followBest
 * @property {(error: Error) => void} report
 * @property {(message: string) => void} tell
 * @property {(controller: string) => string|null} nameOf  what a run of the store is called
 * @property {(most: number) => Promise<Blob|null>} picture  of the stage, so many pixels across
 * @property {(choices: {value: string, text: string}[]) => void} onControllers  there are others now
 */

/** Pixels across of a picture that goes along with what is shared. */
const PICTURE = 960;

const SAVE = 'Save as file';

const EXTENSION = '.websim';

export class TrainSection {
  /** @type {RunRecord[]} */
  #records = [];
  /** Whether the set-up was folded when it was last looked at. */
  #folded = false;
  /** Problems of the options that have been told. */
  #told = '';

  /** @param {Settings} settings */
  constructor(settings) {
    const { session, training, algorithms, thresholds, enlarge, followBest } = settings;
    this.settings = settings;
    const change = (/** @type {Partial<Options>} */ options) => session.set(options);
    this.form = new SetUpForm(change, Object.keys(algorithms));
    this.courseForm = new CourseForm(change, thresholds);
    this.form.element.append(this.courseForm.element);
    this.progress = new TrainingProgress(training, () => this.toggle());
    this.curves = new Curves(enlarge);
    this.levels = new Levels();
    this.timeline = new Timeline({ answer: (yes) => training.answer(yes), undo: (number) => training.undo(number) });
    this.compare = new Compare((options) => this.#changeCompared(options), () => this.choices, (link) => this.#try(this.#compareShared(link)));
    this.best = h('button', { title: 'Follow the robot with the highest return (B)', hidden: true, onclick: followBest }, 'Follow best');
    this.keep = h('button', { title: 'Keep what is learnt by now under a name of its own', onclick: () => this.#try(this.#keep()) }, 'Keep');
    this.toFile = h('button', { title: 'Save the newest checkpoint as a file', onclick: () => this.#try(this.#saveRun()) }, SAVE);
    this.share = h('button', { title: 'Make a link that carries what is learnt by now', onclick: () => this.#try(this.#shareRun()) }, 'Share…');
    this.export = h('button', { title: 'Its policy, and episodes that it plays, for other programs', onclick: () => this.#try(this.#exportRun()) }, 'Export…');
    this.library = new Library({
      use: (record) => this.#try(this.#use(record)),
      beside: (record) => this.compare.addRobots(savedController(record.id)),
      resume: (record) => this.#try(this.resume(record)),
      save: (record) => this.#try(this.saveRecord(record)),
      share: (record) => this.#try(this.#shareRecord(record)),
      toOthers: (record) => this.#try(this.#exportRecord(record)),
      remove: (record) => this.#try(this.remove(record)),
      rename: (record, name) => this.#try(this.#rename(record, name)),
      curve: (record) => this.#curveOf(record),
      report: settings.report,
      enlarge: settings.enlargeRuns,
    });
    this.what = h('span');
    this.message = h('p', { class: 'training-message', role: 'alert', hidden: true });
    this.slower = h('button', { hidden: true, onclick: () => this.#try(training.retrySlower()) },
      'Resume from the last good checkpoint with half the learning rate');
    this.reason = h('p', { class: 'subtle', hidden: true });
    this.unpaid = h('p', { class: 'subtle', hidden: true }, 'These robots are paid nothing yet, so there is nothing to learn: give them a reward. '
      + 'Write one (Edit reward, measure, task), or drop a file with a function reward(now, before, action).');
    this.warnings = h('ul', { class: 'reward-warnings', 'aria-label': 'Of the reward', role: 'status', hidden: true });
    this.home = h('div', {}, this.curves.element);
    this.line = h('span', { class: 'group-line' });
    this.setUp = h('details', { class: 'fold', open: true }, h('summary', {}, 'Set-up', this.line), this.form.element);
    this.passed = h('p', { class: 'subtle' }, 'What has been learnt can be passed on: press Train first.');
    /** What is passed on of a run. */
    this.sharing = h('div', {}, this.passed, h('div', { class: 'row' }, this.share, this.toFile, this.export));
    this.element = h('section', { class: 'train', 'aria-label': 'Train' },
      h('h2', {}, 'Train ', this.what), this.progress.element, this.warnings, this.unpaid, this.reason, this.message, this.slower,
      h('div', { class: 'row' }, this.best, this.keep), this.setUp,
      this.timeline.element, this.levels.element, this.home, this.compare.element, this.library.element);
    training.addEventListener('change', () => {
      this.#showState();
      this.#try(this.refresh());
    });
    training.addEventListener('run', () => this.#showRun());
  }

  /** Controllers that can be chosen now. */
  get choices() {
    const { session: { sim } } = this.settings;
    const simulated = this.#experiment;
    const trained = simulated && this.settings.trained.find(({ task }) => sameBodies({ task }, simulated));
    const saved = new Map(this.#records.map((record) => [savedController(record.id), nameOf(record)]));
    const own = (sim?.controllers ?? []).filter((name) => !saved.has(name) && !trainedTask(name));
    const fitting = this.#records.filter(({ experiment }) => simulated && sameBodies(experiment, simulated));
    return [
      ...own.map((name) => ({ value: name, text: LABELS[name] ?? this.settings.nameOf(name) ?? name })),
      ...(trained ? [{ value: TRAINED, text: `trained (return ${measure(trained.meanReturn)})` }] : []),
      ...fitting.map((record) => ({ value: savedController(record.id), text: record.name || `${record.experiment.algorithm} · ${short(record.globalStep)} steps` })),
    ];
  }

  /** What is learnt, or could be; of several types of robots the first. */
  get #experiment() {
    const { session, training: { active, run } } = this.settings;
    return active && run ? run.experiment : session.experiment ?? { task: groupsOf(session.options)[0].task };
  }

  get #setUp() {
    const { session: { options }, algorithms } = this.settings;
    return setUpOf(options, this.#experiment, algorithms);
  }

  /** What a controller is called. @param {string} name */
  label(name) {
    const chosen = trainedTask(name) ? TRAINED : name;
    return this.choices.find(({ value }) => value === chosen)?.text ?? chosen;
  }

  /** Brings it to the options and the simulation. */
  show() {
    const { session: { options, sim }, training } = this.settings;
    const setUp = this.#setUp;
    setText(this.what, titleOf(this.#experiment));
    this.form.show(options, setUp, training.active);
    this.courseForm.show(options);
    setText(this.line, lineOf(setUp));
    this.compare.show(options, Boolean(sim?.training));
    this.settings.onControllers(this.choices);
    setText(this.reason, sim ? reasonOf(sim, options) : '');
    this.reason.hidden = !sim?.training;
    const problems = setUp.problems.join('\n');
    if (problems && problems !== this.#told) this.settings.tell(problems);
    this.#told = problems;
    this.#showState();
  }

  /** Whether it is known that the robots are paid nothing, so that nothing could be learnt. */
  get #unpaid() {
    const { session: { sim } } = this.settings;
    return Boolean(sim && sim.groups[0]?.rewardTerms.length === 0);
  }

  #showState() {
    const { training } = this.settings;
    const { state, active, run, message, storageProblem } = training;
    const unpaid = !active && this.#unpaid;
    this.progress.show(unpaid);
    this.timeline.show(run, state === 'running');
    this.unpaid.hidden = !unpaid;
    this.form.element.disabled = active;
    const failed = state === 'failed';
    const text = failed ? `Training failed: ${message}` : message;
    setText(this.message, [text, storageProblem].filter(Boolean).join(' '));
    this.message.hidden = !this.message.textContent;
    this.slower.hidden = !failed || !run?.saved;
    this.keep.hidden = this.toFile.hidden = this.share.hidden = this.export.hidden = !run;
    this.passed.hidden = Boolean(run);
    if (active !== this.#folded) this.setUp.open = !active;
    this.#folded = active;
    this.keep.disabled = !run?.saved && state !== 'running';
    this.toFile.disabled = this.keep.disabled || this.#saving;
    this.share.disabled = this.keep.disabled;
    setText(this.toFile, this.#saving ? 'Saving…' : SAVE);
  }

  #showRun() {
    const { run } = this.settings.training;
    this.curves.show(run?.log ?? new MetricLog(), run ? fileNameOf(run.experiment, run.globalStep) : '');
    this.#shown = run?.iteration;
    this.#warn();
  }

  /** Says what people should know of the reward that is learnt from. */
  #warn() {
    const said = this.settings.training.run?.warnings ?? [];
    this.warnings.hidden = !said.length;
    const shown = [...this.warnings.children].map(({ textContent }) => textContent);
    if (said.join('\n') !== shown.join('\n')) this.warnings.replaceChildren(...said.map((text) => h('li', {}, text)));
  }

  /** The iteration that is shown. @type {number|undefined} */
  #shown;

  /** Shows what has come since the last time; called a few times a second. */
  turn() {
    this.levels.turn(this.settings.session.sim, performance.now());
    const iteration = this.settings.training.run?.iteration;
    if (iteration === this.#shown) return;
    this.#shown = iteration;
    this.progress.update();
    this.#warn();
    this.curves.update();
    this.timeline.show(this.settings.training.run, this.settings.training.state === 'running');
  }

  /** Starts, holds or goes on. */
  toggle() {
    const { training } = this.settings;
    if (!training.active && this.#unpaid) return;
    this.#try(Promise.resolve(training.toggle(() => this.#asked())));
  }

  /** What is to be learnt, as the form says. */
  #asked() {
    const { session: { options }, thresholds } = this.settings;
    return recoded(experimentOf(this.#setUp, forLearning(this.#experiment)), { adaptation: adaptationOf(options, thresholds) ?? null });
  }

  /** Lets robots of a task learn from nothing. @param {string} task @param {Partial<Options>} options */
  async begin(task, options) {
    const { session, training } = this.settings;
    await session.adopt({ open: '', ...options }, { task });
    await training.start(this.#asked());
  }

  /** Reads the list of what is kept. */
  async refresh() {
    const { store } = this.settings;
    const [records, live] = await Promise.all([store.list(), store.liveIds()]);
    this.#records = records;
    this.library.show(records, live);
    this.compare.show(this.settings.session.options, Boolean(this.settings.session.sim?.training));
    this.settings.onControllers(this.choices);
    return { records, live };
  }

  /** The reward and the measure that are in force, where a run with such robots has others; null: it has not. @param {RunRecord} record @returns {PresentCode|null} */
  presentCode({ experiment: own }) {
    const { experiment } = this.settings.session;
    if (!experiment || !sameBodies(experiment, own)) return null;
    const [present, before] = [experiment, own].map(({ reward = null, measure = null }) => ({ reward, measure }));
    return JSON.stringify(present) === JSON.stringify(before) ? null : present;
  }

  /** What is kept of a run. @param {string} id */
  recordOf(id) {
    return this.#records.find((record) => record.id === id);
  }

  /** @param {RunRecord} record @param {PresentCode} [code]  in place of its own */
  async resume(record, code = {}) {
    const { session, training } = this.settings;
    const { experiment, globalStep, totalTimesteps } = record;
    // One that is over goes on for as long as the form says.
    const longer = globalStep >= totalTimesteps ? { total_timesteps: globalStep + this.#setUp.totalTimesteps } : {};
    const next = { ...experiment, hyperparameters: { ...experiment.hyperparameters, ...longer } };
    await session.adopt(this.#optionsOf(next), recoded(await this.#whole(record), code));
    await training.resumeKept(record.id, longer, code);
  }

  /** Lets robots move by what was learnt, those of the run where others are simulated. @param {RunRecord} record */
  async #use(record) {
    const { session } = this.settings;
    const controller = savedController(record.id);
    const { experiment } = record;
    if (sameBodies(experiment, this.#experiment)) session.set({ controller });
    else if (isOwn(experiment)) await session.bring(await this.#whole(record), { controller });
    else session.set({ task: experiment.task, controller });
  }

  /** The experiment of a run, with the files of its robot. @param {RunRecord} record */
  async #whole({ id, experiment }) {
    if (!experiment.robot) return experiment;
    const found = await this.settings.store.get(id);
    return found ? Run.from(found.record, found.kept).experiment : experiment;
  }

  /** @param {RunRecord} record */
  async saveRecord({ id }) {
    const found = await this.settings.store.get(id);
    if (found) await saveFile(found.record, found.kept);
  }

  /** @param {RunRecord} record */
  async #curveOf({ id }) {
    const { store, training: { run } } = this.settings;
    if (run?.id === id) return new MetricLog(run.log.stored());
    const found = await store.get(id);
    return found && new MetricLog(found.kept.curve);
  }

  /** The iteration's end and the packing are waited for: the button says so. */
  #saving = false;

  async #saveRun() {
    const { training } = this.settings;
    this.#saving = true;
    this.#showState();
    try {
      await training.checkpoint();
      const run = /** @type {Run} */ (training.run);
      if (run.saved) await saveFile({ experiment: run.experiment, globalStep: run.saved.globalStep }, run.kept);
    } finally {
      this.#saving = false;
      this.#showState();
    }
  }

  async #shareRun() {
    const { training } = this.settings;
    await training.checkpoint();
    const run = /** @type {Run} */ (training.run);
    if (run.saved) await this.#openSheet(run.experiment, run.saved.checkpoint);
  }

  /** @param {RunRecord} record */
  async #shareRecord({ id }) {
    const found = await this.settings.store.get(id);
    if (found) await this.#openSheet(found.record.experiment, found.kept.checkpoint);
  }

  /** @param {RunRecord['experiment']} experiment @param {ArrayBuffer} run */
  async #openSheet(experiment, run) {
    const { ShareSheet } = await import('../sharing/sheet.js');
    const { shares } = await fetchManifest();
    new ShareSheet({ experiment, run: run.slice(0), picture: await this.settings.picture(PICTURE) }, shares).open();
  }

  async #exportRun() {
    const { training } = this.settings;
    await training.checkpoint();
    const { run } = training;
    const experiment = run?.experiment ?? forLearning(this.#experiment);
    await openExport(experiment, run?.saved?.checkpoint ?? null, run ? fileNameOf(run.experiment, run.saved?.globalStep ?? 0) : titleOf(experiment));
  }

  /** @param {RunRecord} record */
  async #exportRecord({ id }) {
    const found = await this.settings.store.get(id);
    if (found) await openExport(found.record.experiment, found.kept.checkpoint, fileNameOf(found.record.experiment, found.record.globalStep));
  }

  async #keep() {
    const { training } = this.settings;
    const taken = new Set(this.#records.map(({ name }) => name));
    let number = 1;
    const name = () => `${titleOf(this.#experiment)} ${number}`;
    while (taken.has(name())) number++;
    await training.keep(name());
    await this.refresh();
    this.library.element.open = true;
  }

  /** @param {RunRecord} record */
  async remove({ id }) {
    await this.settings.store.remove(id);
    await this.refresh();
  }

  /** @param {RunRecord} record @param {string} name */
  async #rename({ id }, name) {
    // With a name it is kept: newer runs do not push it out.
    await this.settings.store.update(id, name ? { name, kept: true } : { name });
    await this.refresh();
  }

  /**
   * Takes a run's file into the list, and lets robots move by what was learnt; where nothing is learnt
   * by it yet, its experiment is simulated.
   *
   * @param {File} file
   */
  async openRun(file) {
    const { session, tell, training } = this.settings;
    const taken = await this.#take(file);
    if (!taken) return;
    const { experiment, record } = taken;
    if (record) tell(`Opened ${file.name}: it is under “Saved”, to be used or resumed.`);
    if (!record && training.active) throw new Error('Robots learn: stop the training, then open the file again.');
    if (!record) await session.bring(experiment, this.#optionsOf(experiment));
    else if (!training.active) await this.#use(record);
  }

  /** @param {import('../session.js').Served} served  what is simulated already */
  async openServed(served) {
    const { session } = this.settings;
    const { name, experiment, archive, hasLearnt } = served;
    const { algo, preset, steps, hp, controller } = session.options;
    // What the address says counts for more.
    const untouched = algo === OPTIONS.algo.initial && preset === OPTIONS.preset.initial && steps === null && !hp;
    if (untouched) session.set({ ...this.#optionsOf(experiment), ...(hasLearnt ? { controller } : {}) }, 'replace');
    if (hasLearnt) await this.#take(new File([archive], name), served);
  }

  /**
   * Takes a run's file into the list.
   *
   * @param {File} file @param {Partial<import('../session.js').Served>} [served]  what is known of it; by its id it may be there already
   * @returns {Promise<{experiment: import('./run.js').Experiment, record: RunRecord|null}|null>}  null: its code is not to run;
   *   a record of null: nothing is learnt by it yet
   */
  async #take(file, { id, sha256, trusted: known, link } = {}) {
    const { session, store } = this.settings;
    const archive = await file.arrayBuffer();
    const header = await trusting(file.name, (trusted) => session.use((sim) => sim.readRun(archive, { trusted })), known);
    if (!header) return null;
    if (!header.hasLearnt) return { experiment: header.experiment, record: null };
    const curve = link ? new MetricLog() : await (await runFile()).curveOf(archive); // a link has none
    const run = Run.fromFile(header, archive, curve, id);
    const name = file.name.replace(/\.(zip|websim)$/i, '');
    const origin = sha256 ?? await sha256Of(archive);
    const { record, kept } = run.toKeep({ name, kept: true, unfinished: false, ...(origin ? { origin } : {}) });
    await store.put(record, kept);
    await this.refresh();
    this.library.element.open = true;
    return { experiment: header.experiment, record };
  }

  /** @param {import('./run.js').Experiment} experiment */
  #optionsOf(experiment) {
    const { algorithms } = this.settings;
    return {
      ...experiment.algorithm in algorithms ? optionsOf(experiment, algorithms) : {},
      ...adaptOptionsOf(experiment.adaptation),
      ...experiment.simulation ? simulatedBy(experiment.simulation) : {},
    };
  }

  /** @param {Partial<Options>} options */
  #changeCompared(options) {
    const { session, training } = this.settings;
    const before = robots(session.options.compare);
    session.set(options);
    if (session.sim?.training && robots(session.options.compare) !== before) this.#try(training.regroup());
  }

  /** Puts robots beside the others that move by a run of a link. @param {string} link */
  async #compareShared(link) {
    const id = idIn(link);
    if (id) return this.compare.addRobots(sharedController(id));
    if (!link.includes(MARK)) throw new Error('This is no link of a run: …/r/ID, or one with #r=….');
    const links = await Links.start();
    try {
      const { id: own, archive, title } = await links.read(link.trim());
      const taken = await this.#take(new File([archive], `${title}.websim`), { id: own });
      if (taken?.record) this.compare.addRobots(savedController(own));
    } finally {
      links.close();
    }
  }

  /** @param {Promise<unknown>} work */
  async #try(work) {
    try {
      await work;
    } catch (error) {
      this.settings.report(/** @type {Error} */ (error));
    }
  }
}

/** How the page calls controllers. @type {Record<string, string>} */
const LABELS = { current: 'current: as learnt so far', best: 'best so far' };

/** What is learnt by, in a line. @param {import('./hyperparameters.js').SetUp} setUp */
function lineOf({ algorithm, preset, totalTimesteps, seed, changed }) {
  const changes = Object.keys(changed).length;
  return [algorithm.toUpperCase(), preset, `${short(totalTimesteps)} steps`, `seed ${seed}`, changes ? `${changes} changed` : ''].filter(Boolean).join(' · ');
}

/**
 * Why so many workers learn.
 *
 * @param {import('../../sim/websim.js').WebSim} sim @param {Options} options
 */
function reasonOf({ training, numWorkers, isolated }, { workers }) {
  if (!training) return '';
  const { numEnvs, ranks } = training;
  const many = `${count(numEnvs)} environments learn in ${ranks === 1 ? '1 worker' : `${ranks} workers`}`;
  if (!isolated) return `${many}: this page shares no memory, so that workers cannot learn together.`;
  if (ranks < numWorkers) return `${many} of ${numWorkers}: all have to have as many.`;
  return workers === 'auto' ? `${many}: one for each of ${navigator.hardwareConcurrency} cores.` : `${many}, as set.`;
}

/** Robots of all parts. @param {string} compare */
const robots = (compare) => compare.split(',').reduce((sum, part) => sum + (parseInt(part) || 0), 0);

/** A page that is not secure has no digests: then it is not known what a run was made of. @param {ArrayBuffer} data */
async function sha256Of(data) {
  if (!globalThis.crypto?.subtle) return '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Files are rare: what packs them need not be there when the page opens. */
const runFile = () => import('./runfile.js');

/** @param {import('../../sim/shared/protocol.js').Experiment} experiment @param {ArrayBuffer|null} run @param {string} name  of files */
async function openExport(experiment, run, name) {
  const { ExportSheet } = await import('../exchange/exportsheet.js');
  new ExportSheet({ experiment, run: run && run.slice(0), name }).open();
}

/** @param {Pick<RunRecord, 'experiment'|'globalStep'>} about @param {import('./storage.js').Kept} kept */
async function saveFile({ experiment, globalStep }, kept) {
  const { packRun } = await runFile();
  download(await packRun(kept), fileNameOf(experiment, globalStep) + EXTENSION);
}
