/** Plays recorded episodes beside a live robot, at any speed, from any step on. */

import { Exchange } from '../../sim/page/exchange.js';
import { h, setText } from '../dom.js';
import { count, measure } from '../format.js';
import { Work } from '../sharing/work.js';
import { loading } from './library.js';
import { Stage } from '../stage/stage.js';
import { ReplayScene } from './replayscene.js';

/** Multiples of real time. */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10];

/** The last step stays for so long before the episode begins anew, in ms. */
const REST_MS = 700;

const RECORDED = '--part-2';

export class Replayer {
  /** @type {Promise<Exchange> | undefined} */
  #exchange;
  /** @type {Stage|null} */
  #stage = null;
  /** @type {ReplayScene|null} */
  #scene = null;
  /** @type {number[]} */
  #returns = [];
  #frameMs = 1;
  #playing = true;
  #last = performance.now();
  #ended = 0;
  /** Grows when another episode is wanted. */
  #turn = 0;

  #closing = new AbortController();
  /** @type {File|null} */
  #file = null;

  /**
   * @param {import('../session.js').Session} session
   * @param {(run: File) => Promise<void>} openRun
   * @param {(message: string) => void} tell
   * @param {() => void} closed
   */
  constructor(session, openRun, tell, closed) {
    this.session = session;
    this.openRun = openRun;
    this.tell = tell;
    this.closed = closed;
    this.work = new Work(this.#closing.signal);
    this.clone = h('button', { title: 'Teach a policy what all episodes of it show, in a worker of its own', onclick: () => this.#clone() }, 'Learn to do it');
    this.place = h('div', { class: 'replay-stage' });
    this.title = h('h2');
    this.episode = h('select', { 'aria-label': 'Episode', onchange: () => this.#show(Number(this.episode.value)) });
    this.play = h('button', { class: 'primary', onclick: () => this.#toggle() }, 'Pause');
    this.speed = h('select', { 'aria-label': 'Speed of the recording' }, ...SPEEDS.map((speed) => h('option', { value: speed, selected: speed === 1 }, `${speed}×`)));
    this.step = h('input', { type: 'range', min: '0', max: '1', step: '1', value: '0', 'aria-label': 'Step of the episode', oninput: () => this.#seek(this.step.valueAsNumber) });
    this.status = h('p', { class: 'subtle', role: 'status' });
    this.sheet = h('div', { class: 'replay-sheet card' },
      h('header', { class: 'row' }, this.title, h('button', { class: 'quiet', 'aria-label': 'Close the recording', onclick: () => this.close() }, '×')),
      h('div', { class: 'row' }, this.play, this.speed, this.episode, this.clone), this.step, this.status, this.work.element);
    this.element = h('section', { class: 'replay', 'aria-label': 'A recording' }, this.place, this.sheet);
    this.session.addEventListener('closing', () => this.close(), { once: true });
  }

  /**
   * @param {File} file
   * @param {import('../sharing/work.js').Say} say  what it waits for
   * @throws {Error} it cannot be played; nothing is left of it
   */
  async open(file, say) {
    const { experiment, sim } = this.session;
    if (!sim || !experiment) throw new Error('Choose the robot that it is of, one type alone, then open the recording again.');
    document.head.append(h('link', { rel: 'stylesheet', href: new URL('./replay.css', import.meta.url).href }));
    this.#file = file;
    try {
      this.#exchange = Exchange.start();
      const [exchange, data] = await Promise.all([this.#exchange, file.arrayBuffer()]);
      exchange.onLibrary = loading(say);
      const { episodes, frameSeconds } = await exchange.read(data, experiment);
      this.#frameMs = 1000 * frameSeconds;
      setText(this.title, file.name);
      this.episode.replaceChildren(...episodes.map(({ steps, episodeReturn, seed }, i) => h('option', { value: i },
        `${i + 1}: ${measure(episodeReturn)} in ${count(steps)} steps${seed === null ? '' : `, seed ${seed}`}`)));
      await this.#show(0);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Its own worker: the recording plays on meanwhile. */
  async #clone() {
    const { experiment } = this.session;
    const file = this.#file;
    if (!experiment || !file) return;
    const name = file.name.replace(/\.\w+$/, '');
    const cloned = await this.work.run([this.clone], async (say, signal) => {
      const [exchange, data] = await Promise.all([Exchange.start(), file.arrayBuffer()]);
      signal.addEventListener('abort', () => exchange.close());
      exchange.onLibrary = loading(say);
      try {
        return await exchange.clone(data, experiment, { title: name }, (told) => say(...progressOf(told)), signal);
      } finally {
        exchange.close();
      }
    });
    if (!cloned) return;
    this.close();
    await this.openRun(new File([/** @type {Uint8Array<ArrayBuffer>} */ (cloned.archive)], `${name}.websim`));
    this.tell(outcomeOf(cloned));
  }

  close() {
    this.#turn += 1;
    this.#closing.abort();
    this.#exchange?.then((exchange) => exchange.close(), () => {});
    this.#stage?.close();
    this.#stage = this.#scene = null;
    this.element.remove();
    this.closed();
  }

  /** @param {number} number  of an episode */
  async #show(number) {
    const turn = ++this.#turn;
    const exchange = await this.#exchange;
    const { sim, options } = this.session;
    if (!exchange || !sim) return;
    const { poses, returns } = await exchange.posesOf(number);
    if (turn !== this.#turn) return;
    this.#returns = returns;
    this.#scene = new ReplayScene(sim, Math.min(options.follow ?? 0, sim.groups[0].numEnvs - 1), poses);
    this.step.max = String(this.#scene.steps);
    if (!this.#stage) {
      const stage = await Stage.make(options.renderer, () => this.#tell());
      if (turn !== this.#turn) {
        stage.close();
        return;
      }
      this.#stage = stage;
      this.#stage.set({ ...options, overview: 'cells', draw: 'auto' });
      this.place.replaceChildren(this.#stage.element);
      requestAnimationFrame(this.#tick);
    }
    this.#seek(0);
    const stage = this.#stage;
    await stage.show(this.#scene);
    if (turn !== this.#turn) return;
    stage.setCovers([this.sheet]);
    stage.view.home(false);
    stage.view.tint([{ first: 0, count: 1, color: RECORDED }]);
  }

  #toggle() {
    this.#playing = !this.#playing;
    setText(this.play, this.#playing ? 'Pause' : 'Play');
  }

  /** @param {number} at  step */
  #seek(at) {
    if (this.#scene) this.#scene.at = at;
    this.#ended = 0;
    this.#tell();
  }

  /** @param {number} now  in ms */
  #tick = (now) => {
    const scene = this.#scene;
    if (!scene) return;
    const passed = now - this.#last;
    this.#last = now;
    if (this.#playing) {
      scene.at = Math.min(scene.steps, scene.at + (passed / this.#frameMs) * Number(this.speed.value));
      if (scene.at === scene.steps) {
        this.#ended ||= now;
        if (now - this.#ended > REST_MS) this.#seek(0);
      }
    }
    requestAnimationFrame(this.#tick);
  };

  #tell() {
    if (!this.#scene) return;
    const step = Math.floor(this.#scene.at);
    this.step.value = String(step);
    setText(this.status, `Step ${count(step)} of ${count(this.#scene.steps)}: return ${measure(this.#returns[step])} so far. The coloured robot is the recorded one; the other one is alive.`);
  }
}

/** @typedef {import('../../sim/shared/messages.js').Cloned} Cloned */

/** How far a policy is that is taught. @param {Cloned} told @returns {[text: string, part: number]} */
function progressOf({ updates, of, episodes, ofEpisodes }) {
  if (updates < of) return [`${count(updates)} of ${count(of)} updates of the policy`, updates / of];
  return [`It is taught. ${count(episodes)} of ${count(ofEpisodes)} episodes of its own are over`, episodes / ofEpisodes];
}

/** @param {Cloned} cloned */
function outcomeOf({ episodeReturn, ofEpisodes, recordedReturn }) {
  const mean = /** @type {number} */ (episodeReturn);
  const share = recordedReturn > 0 ? `${Math.round((100 * mean) / recordedReturn)}% of the recorded ones’ ${measure(recordedReturn)}` : `the recorded ones returned ${measure(recordedReturn)}`;
  return `What it has learnt plays now. ${count(ofEpisodes)} episodes of it returned ${measure(mean)} on average: ${share}.`;
}
