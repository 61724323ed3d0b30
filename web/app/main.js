/** The entry: puts the parts of the dashboard together. */

import { fetchManifest } from '../sim/page/manifest.js';
import { WebSim } from '../sim/websim.js';
import { AuthorSection } from './author/section.js';
import { Boot } from './boot.js';
import { Controllers } from './panel/controllers.js';
import { CodeSection } from './code/section.js';
import { Details } from './stage/details.js';
import { breathe, h } from './dom.js';
import { Caption, EMBEDDED } from './embedded.js';
import { givenWay, titleOf } from './experiment.js';
import { listExperiments } from './keeping/experiments.js';
import { Keyboard } from './keyboard.js';
import { Notices } from './notices.js';
import { keepForOffline } from './offline.js';
import { acceptDrops, example } from './opening/files.js';
import { Opener } from './opening/opener.js';
import { askTrust } from './opening/questions.js';
import { MAX_SEED, TRAINED } from './panel/options.js';
import { Panel } from './panel/panel.js';
import { PicksSection } from './picks/section.js';
import { WHY_NOT } from './panel/transport.js';
import { StageBar } from './stage/bar.js';
import { Hands } from './stage/hands/hands.js';
import { Labels } from './stage/labels.js';
import { PARTS, toggled } from './stage/parts.js';
import { Stage } from './stage/stage.js';
import { opened, session } from './start.js';
import { Taking } from './taking/taking.js';
import { Theme } from './theme.js';
import { TrainDesk } from './training/desk.js';
import { Welcome } from './welcome/welcome.js';
import { WorldForm } from './world/form.js';

/** By the keys it goes no slower and no faster than so many times real time. */
const [LEAST_PACE, MOST_PACE] = [1 / 16, 8];

/**
 * How often figures and details change, in ms: more could not be read. Without a GPU the page itself
 * is put together by the processor that steps the robots, so there it is less.
 */
const INTERVALS = { figures: 500, details: 200 };
const SOFTWARE_INTERVALS = { figures: 1000, details: 500 };

const theme = new Theme();
const notices = new Notices();
const boot = new Boot({ retry: () => start(() => session.open()) });
const hands = new Hands({ sim: () => session.sim, tell: (message) => notices.show('info', message), report });
const details = new Details({ close: () => follow(null), step: (by) => followNext(by) }, hands.controls);
const desk = new TrainDesk({
  session, report,
  tell: (message) => notices.show('info', message),
  follow: (index) => follow(index),
  editReward: () => code.open().catch(report),
  picture: (most) => stage.view.picture(most),
});
const opener = new Opener({
  session, report,
  tell: (message) => notices.show('info', message),
  openRun: (file) => desk.openRun(file),
  openRecording,
  learning: () => desk.learning,
});
const controllers = new Controllers(session, (controller) => desk.checkpointOf(controller), (message) => notices.show('warning', message));
const author = new AuthorSection({
  session, controllers, report, openRun: (file) => desk.openRun(file), edit: (reward, fork) => code.edit(reward, fork).catch(report),
});
const code = new CodeSection(session, (element) => app.append(element), () => uncover());
const picks = new PicksSection(session, desk.training, (element) => app.append(element), (covered) => (stage.covered = covered));
const bar = new StageBar(desk.training, () => desk.enlarge());
bar.element.append(desk.legend.element);
const labels = new Labels();
const taking = new Taking({
  name: () => `${session.sim?.groups[0].title ?? 'robots'}-${new Date().toISOString().slice(0, 19)}`.replaceAll(/[^\w.-]/g, '-'),
  present,
  tell: (message) => notices.show('info', message),
  report,
});
desk.tints = () => author.herds.tints;
const welcome = new Welcome({
  report, reveal,
  clear: () => code.close(),
  deeds: {
    watch: () => session.set({ task: 'Humanoid-v5', envs: 36, controller: TRAINED, compare: '', speed: 1, paused: false }),
    learn: () => desk.begin('Ant-v5', { algo: 'ppo', preset: 'auto', steps: null, hp: 'num_envs:100', compare: '', speed: Infinity, paused: false }),
    push: async () => {
      await session.set({ task: 'Ant-v5', envs: 4, controller: TRAINED, compare: '', speed: 1, paused: false, follow: 0 });
      hands.begin();
      notices.show('info', 'Drag the robot: a spring pulls it along. “Pull” at the edge of the stage turns that off.');
    },
    open: () => panel.robot.files.click(),
    example: () => opener.open(example()),
    reward: async () => {
      await session.set({ task: 'HalfCheetah-v5', envs: 16, controller: TRAINED, compare: '', speed: 1, paused: false });
      await code.open();
    },
  },
  moved: () => {
    app.classList.toggle('welcomes', welcome.open);
    uncover();
  },
});
const app = /** @type {HTMLElement} */ (document.getElementById('app'));
app.replaceChildren(boot.element, notices.element);
const caption = EMBEDDED ? new Caption() : null;
if (caption) app.classList.add('embedded', 'no-panel');

/** @type {Stage} */
let stage;
/** @type {Panel} */
let panel;

const keyboard = new Keyboard([
  { keys: [' '], label: 'Space', about: 'Time', does: 'Play or pause; while robots learn, pause or resume the learning', run: toggle },
  { keys: ['s'], label: 'S', about: 'Time', does: 'One step', run: step },
  { keys: ['r'], label: 'R', about: 'Time', does: 'Reset: start all episodes anew', run: reset },
  { keys: [',', '.'], label: ', / .', about: 'Time', does: 'The followed robot a picture back, or on', run: (key) => details.rewind.step(key === ',' ? 1 : -1) },
  { keys: ['-', '=', '+'], label: '- / +', about: 'Time', does: 'Slower or faster', run: (key) => pace(key === '-' ? 1 / 2 : 2) },
  { keys: ['f'], label: 'F', about: 'Robots', does: 'Follow a robot, then the next one', run: () => followNext(1) },
  { keys: ['arrowleft', 'arrowright', 'arrowup', 'arrowdown'], label: '← / → / ↑ / ↓', about: 'Robots', does: 'Follow a neighbour', run: followNeighbour },
  { keys: ['escape'], label: 'Esc', about: 'Robots', does: 'Close what is open, or back to the overview', run: leave },
  { keys: ['b'], label: 'B', about: 'Robots', does: 'Follow the best of the robots that learn', run: () => desk.followBest() },
  { keys: ['l'], label: 'L', about: 'Learning', does: 'Start or pause learning', run: () => desk.toggle() },
  { keys: ['c'], label: 'C', about: 'Learning', does: 'Curves large or small', run: () => desk.enlarge() },
  { keys: ['h'], label: 'H', about: 'View', does: 'Camera back to the start', run: () => stage?.view.home() },
  { keys: ['o'], label: 'O', about: 'View', does: 'Only the robots, to be shown', run: present },
  { keys: ['x'], label: 'X', about: 'View', does: 'Full screen', run: () => taking.toggleFull() },
  { keys: ['g'], label: 'G', about: 'View', does: 'Take a picture or a film', run: () => taking.toggle() },
  ...PARTS.map(({ name, key, label }) => ({
    keys: [key], label: key.toUpperCase(), about: 'View', does: `${label}, or not`, run: () => session.set({ show: toggled(session.options.show, name) }, 'replace'),
  })),
  { keys: ['p'], label: 'P', about: 'Page', does: 'Show or hide the panel', run: togglePanel },
  { keys: ['t'], label: 'T', about: 'Page', does: 'Dark or light', run: () => theme.toggle() },
  { keys: ['/'], label: '/', about: 'Page', does: 'Find a setting', run: findSetting },
  { keys: ['?'], label: '?', about: 'Page', does: 'This sheet', run: () => keyboard.toggleSheet() },
]);

session.trusts = askTrust;

/** Done when the page is put together. @type {Promise<void> | undefined} */
let built;

/**
 * Boots the page, or again after a failure.
 *
 * @param {() => Promise<void>} open  the simulation
 */
async function start(open) {
  boot.begin('Starting');
  try {
    const first = !built;
    built ??= build();
    built.catch(() => (built = undefined)); // tried again with the next start
    await Promise.all([built, open()]);
    if (!first) return;
    // Whoever reads a page around it has not come for it.
    if (session.sim && !caption) keepForOffline();
    if (stage.fallback) notices.show('warning', stage.fallback);
    for (const problem of session.problems) notices.show('error', problem);
  } catch (error) {
    boot.fail(/** @type {Error} */ (error));
  }
}

async function build() {
  const staged = Stage.make(session.options.renderer, turn);
  const [tasks, algorithms, { worlds, adaptation, trained }] = await Promise.all([WebSim.tasks(), WebSim.algorithms(), fetchManifest()]);
  const world = new WorldForm(worlds, {
    apply: (changed) => session.change({ world: changed }),
    drawAgain: () => session.set({ seed: Math.floor(Math.random() * MAX_SEED) }, 'replace'),
  });
  const { train, share } = await desk.build(algorithms, adaptation, trained, controllers);
  panel = new Panel({
    change: (change) => session.set(change),
    toggle, step, reset,
    open: (files) => opener.open(files),
    theme: () => theme.toggle(),
    help: () => keyboard.toggleSheet(),
    welcome: () => welcome.show(!welcome.open),
    fold: uncover,
  }, tasks, { author: author.element, train, share, code: h('div', { class: 'code-section' }, code.element, picks.element) }, world);
  desk.panel = panel;
  panel.show(session.options);
  showOwn();
  code.show();
  panel.world.show(session.experiment);
  await breathe();
  stage = await staged;
  stage.set(session.options);
  stage.element.addEventListener('dblclick', ({ offsetX, offsetY }) => {
    const index = stage.view.pick(offsetX, offsetY);
    if (index !== null) follow(index);
  });
  // The event does not bubble from the canvas, but it comes down to it.
  stage.element.addEventListener('webglcontextlost', () => {
    notices.show('warning', 'The graphics driver was reset: drawing goes on when it is back.');
  }, true);
  app.replaceChildren(
    // Where the panel is folded or away, too.
    h('h1', { class: 'unseen' }, 'MuJoCo WebSim'), stage.element, labels.element, author.herds.element, stage.empty, details.element, desk.large.element, bar.element, panel.element,
    h('button', { class: 'unpresent', title: 'Back to the page (O or Esc)', 'aria-label': 'Back to the page', onclick: present }, '×'),
    h('div', { class: 'stage-tools' }, hands.element, taking.element), welcome.element, welcome.tour.element, boot.element, desk.offers, opener.element, notices.element, keyboard.sheet,
  );
  if (caption) {
    app.append(caption.element);
    return;
  }
  keyboard.listen();
  showPresented();
  hands.attach(stage);
  taking.attach(stage);
  acceptDrops(app, (files) => opener.open(files));
  new ResizeObserver(uncover).observe(details.element);
}

theme.addEventListener('change', () => {
  stage?.view.applyTheme();
  panel?.figures.build();
  desk.invalidate();
  code.sheet?.terms.invalidate();
  picks.applyTheme();
  bar.invalidate();
});

/** @param {string} type @param {(detail: any) => void} listener */
const on = (type, listener) => session.addEventListener(type, (event) => {
  listener(/** @type {CustomEvent} */ (event).detail);
});

on('options', (change) => {
  if (!stage) return; // the page is put together with what they are by then
  panel.show(session.options);
  stage.set(session.options);
  desk.show();
  if ('paused' in change) desk.hold(session.options.paused);
  if ('follow' in change) showFollowed();
  if ('present' in change) showPresented();
});
on('experiment', () => {
  showOwn();
  code.show();
  panel?.world.show(session.experiment);
  desk.show();
});
on('opening', () => boot.begin(session.sim ? 'Changing the simulation' : 'Starting'));
on('progress', (progress) => boot.progress(progress));
on('overture', async (sim) => {
  await built;
  if (session.sim) return; // it opened meanwhile
  desk.show();
  panel.element.inert = true; // there is nothing yet that it could change
  boot.stepAside();
  await stage.show(sim);
});
on('closing', () => {
  stage?.clear();
  labels.show([]);
  hands.clear();
  details.close();
  window.websim = null;
});
on('failed', (error) => {
  stage?.clear(); // an overture ends with it
  if (panel) panel.element.inert = false;
  boot.fail(error);
});
on('opened', async () => {
  const { sim } = session;
  await built;
  if (!sim || session.sim !== sim) return;
  window.websim = sim;
  panel.showMode(sim.isolated, sim.choice.reason);
  caption?.show(session.experiment ? titleOf(session.experiment) : session.options.task, sim.isolated);
  panel.figures.clear();
  await stage.show(sim);
  if (session.sim !== sim) return;
  labels.show(sim.groups);
  desk.show();
  hands.show(sim);
  panel.element.inert = false;
  boot.end();
  session.run();
  desk.showServed();
  for (const { title, scene: { undrawn } } of sim.groups) {
    if (undrawn.length) notices.show('info', `Not drawn of ${title}: ${undrawn.join(', ')}.`);
  }
  showFollowed();
  if (!caption) welcome.greet();
});
on('episode', ({ index, return: episodeReturn }) => {
  // Of learners, if there are any: those beside them play something else.
  if (!desk.training.active || index < controllers.learners) bar.note(episodeReturn);
});
on('notice', ({ level, message }) => {
  // A small page has its mode below it, and room for what went wrong alone.
  if (!caption || level === 'error') notices.show(level, message);
});
on('code', ({ failure, reward }) => {
  if (failure) notices.show('warning', `${givenWay(reward)} ${failure}`);
});
on('scene', async () => {
  if (!session.sim || !panel) return;
  await stage.showAgain(session.sim);
  showFollowed();
});
on('badState', () => notices.show('info', 'A simulation became unstable and its environment was reset.'));
on('library', (told) => opener.wait(told));
on('error', ({ name, message }) => notices.show('error', `${name}: ${message}`));
// The simulation may be driven from outside, as by window.websim.pause().
on('state', ({ running }) => {
  if (running === session.options.paused) session.set({ paused: !running }, 'replace');
});

async function showOwn() {
  await built;
  const { served } = session;
  if (served?.stored) panel.robot.nameStored(served.stored, served.name);
  panel.robot.showOwn(await listExperiments());
}

/** Plays recorded episodes. @param {File} file @param {import('./sharing/work.js').Say} say */
async function openRecording(file, say) {
  const { Replayer } = await import('./exchange/replayer.js');
  const tell = (/** @type {string} */ message) => notices.show('info', message);
  const replayer = new Replayer(session, (run) => desk.openRun(run), tell, () => (stage.covered = false));
  await replayer.open(file, say);
  app.append(replayer.element);
  stage.covered = true;
}

function togglePanel() {
  app.classList.toggle('no-panel');
  uncover();
}

/** Shows the robots without the page around them, or with it again. */
function present() {
  session.set({ present: !session.options.present }, 'replace');
}

function showPresented() {
  app.classList.toggle('presenting', session.options.present);
  uncover();
}

function leave() {
  if (!taking.card.hidden) taking.toggle();
  else if (session.options.present) present();
  else if (welcome.open) welcome.show(false);
  else if (desk.large.shown) desk.large.close();
  else follow(null);
}

/** @param {number} by  how many times as fast */
function pace(by) {
  const { speed } = session.options;
  const next = speed === Infinity ? (by < 1 ? 1 : speed) : Math.min(MOST_PACE, Math.max(LEAST_PACE, speed * by));
  // Faster than the most is as fast as it goes.
  session.set({ speed: by > 1 && speed >= MOST_PACE ? Infinity : next }, 'replace');
  const { speed: now } = session.options;
  notices.show('info', now === Infinity ? 'As fast as it goes.' : `${now} × real time.`);
}

function findSetting() {
  if (app.classList.contains('no-panel')) togglePanel();
  panel.find();
}

/** Brings a part of the page into view. @param {import('./welcome/tour.js').Place} place */
function reveal(place) {
  if (place === 'stage') return stage.element;
  if (place === 'figures') return bar.element;
  if (app.classList.contains('no-panel')) togglePanel();
  return panel.reveal(place);
}

function toggle() {
  if (desk.learning) desk.toggle();
  else session.set({ paused: !session.options.paused }, 'replace');
}

function step() {
  if (desk.learning) notices.show('info', WHY_NOT);
  else session.sim?.stepOnce().catch(report);
}

function reset() {
  if (desk.learning) notices.show('info', WHY_NOT);
  else session.sim?.reset({ seed: session.options.seed }).catch(report);
}

/** @param {Error} error */
function report({ name, message }) {
  notices.show('error', `${name}: ${message}`);
}

/** @param {number|null} index  of the environment, or null for the overview */
function follow(index) {
  if (!session.sim) return;
  const { follow: before } = session.options;
  // From robot to robot the back button would be tedious: it goes to the overview.
  session.set({ follow: index }, before === null || index === null ? 'push' : 'replace');
}

/** @param {number} by */
function followNext(by) {
  const { sim, options } = session;
  if (sim) follow(options.follow === null ? 0 : (options.follow + by + sim.numEnvs) % sim.numEnvs);
}

/** @param {string} key  an arrow */
function followNeighbour(key) {
  const { sim, options } = session;
  if (!sim || options.follow === null) return;
  const columns = stage.view.columns(options.follow);
  const by = { arrowleft: -1, arrowright: 1, arrowup: columns, arrowdown: -columns }[key] ?? 0;
  const index = options.follow + by;
  if (index >= 0 && index < sim.numEnvs) follow(index);
}

function showFollowed() {
  const { sim, options } = session;
  if (!sim) return;
  const { follow: index } = options;
  const group = index === null ? undefined
    : sim.groups.find(({ offset, numEnvs }) => index >= offset && index < offset + numEnvs);
  if (index !== null && !group) {
    notices.show('error', `There is no environment ${index} to follow: they are 0 to ${sim.numEnvs - 1}.`);
  }
  stage.view.follow(group ? index : null);
  if (group && index !== null) {
    details.open(group, index);
    updateDetails();
  } else {
    details.close();
  }
  uncover();
}

/** Brings the robots to where neither the details nor, on a phone, the panel covers them. */
function uncover() {
  stage.setCovers([details.element, panel.element, welcome.element, ...(code.sheet ? [code.sheet.element] : [])]);
}

function updateDetails() {
  const { followed } = stage.view;
  if (followed === null || !session.sim) return;
  try {
    details.rewind.turn(stage.view);
    if (stage.view.back) return; // its numbers are of now
    const state = session.sim.getEnvironmentState(followed);
    details.update(state, desk.label(state.controller));
  } catch (error) {
    // While its worker is replaced an environment has no state; the notice has said so.
    if (/** @type {Error} */ (error).name !== 'WorkerError') throw error;
  }
}

/** Whether the worker is asked about contacts. */
let asking = false;

/** Asks what the followed robot touches, as often as there is an answer. */
async function askContacts() {
  const { view } = stage;
  const { sim } = session;
  const { followed } = view;
  if (asking || followed === null || !sim || !(view.parts.has('contacts') || view.parts.has('forces'))) return;
  asking = true;
  try {
    const contacts = await sim.contacts(followed);
    if (view.followed === followed && !view.back) view.showContacts(contacts);
  } catch (error) {
    // Its worker was replaced or ended meanwhile: there will be others.
    if (/** @type {Error} */ (error).name !== 'WorkerError') throw error;
  } finally {
    asking = false;
  }
}

const turned = { figures: 0, details: 0 };

/** Brings figures and details up to date, if it is time. @param {number} now  in ms */
function turn(now) {
  labels.turn(stage.view);
  askContacts().catch(report);
  const intervals = stage.view.software ? SOFTWARE_INTERVALS : INTERVALS;
  if (session.sim && now - turned.figures >= intervals.figures) {
    turned.figures = now;
    panel.update(session.sim, now / 1000, stage.view.status, desk.summary);
    bar.update(session.sim, now, desk.large.shown);
    desk.turn(stage.view);
    author.herds.turn(stage.view);
    code.sheet?.turn(stage.view.followed, now / 1000);
  }
  if (now - turned.details >= intervals.details) {
    turned.details = now;
    updateDetails();
  }
}

start(() => opened);
if (location.hash.startsWith('#drive=')) {
  const { letDrive } = await import('./driven.js');
  letDrive(session, (level, message) => notices.show(level, message));
}
session.attend();
