/** Taking the stage along: pictures, films, full screen, and the robots without the page around them. */

import { h, icon, setText } from '../dom.js';
import { download } from '../opening/files.js';
import { Film } from './film.js';
import { MOST_PIXELS, formats, readSize } from './formats.js';

const CAMERA = 'M4 8h3l2-3h6l2 3h3v11H4zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z';
const FULL = 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5';
const PRESENT = 'M3 4h18M5 4v11h14V4M12 15v3M8 21l4-3 4 3';

/** A film ends by itself after so long, in s: it is kept in memory. */
const LONGEST = 120;

export class Taking {
  /** @type {import('../stage/stage.js').Stage|null} */
  #stage = null;
  /** @type {Film|null} */
  #film = null;
  /** @type {((canvas: HTMLCanvasElement) => void)|null} */
  #filming = null;
  #clock = 0;

  /**
   * @param {object} host
   * @param {() => string} host.name     what files are called
   * @param {() => void} host.present    the robots without the panel, or with it again
   * @param {(message: string) => void} host.tell
   * @param {(error: Error) => void} host.report
   */
  constructor(host) {
    this.host = host;
    const tool = (/** @type {string} */ path, /** @type {string} */ label, /** @type {() => void} */ onclick) => (
      h('button', { 'aria-label': label.split(' (')[0], title: label, onclick }, icon(path))
    );
    this.open = tool(CAMERA, 'Picture or film (G)', () => this.toggle());
    this.open.setAttribute('aria-expanded', 'false');
    this.full = tool(FULL, 'Full screen (X)', () => this.toggleFull());
    this.size = h('input', { id: 'take-size', type: 'text', placeholder: 'as shown', autocomplete: 'off', spellcheck: 'false', list: 'take-sizes' });
    this.alone = h('input', { id: 'take-alone', type: 'checkbox' });
    this.problem = h('small', { class: 'problem', role: 'alert' });
    this.size.addEventListener('input', () => setText(this.problem, ''));
    this.formats = formats('VideoEncoder' in window);
    this.format = h('select', { id: 'take-format' }, ...this.formats.map(({ name }) => h('option', {}, name)));
    this.record = h('button', { onclick: () => this.#toggleFilm() }, 'Record');
    this.card = h('div', { class: 'take card', role: 'group', 'aria-label': 'Picture or film', hidden: true },
      h('label', { for: 'take-size' }, 'Picture, pixels'), this.size,
      h('datalist', { id: 'take-sizes' }, ...['1280x720', '1920x1080', '3840x2160', '1080x1080', '1080x1920'].map((value) => h('option', { value }))),
      h('label', { class: 'check', for: 'take-alone' }, this.alone, 'Robots alone, transparent'),
      h('button', { class: 'primary', onclick: () => this.#take() }, 'Save picture'), this.problem,
      h('label', { for: 'take-format' }, 'Film of what is shown'),
      h('div', { class: 'row' }, this.format, this.record));
    this.element = h('div', { class: 'taking', role: 'group', 'aria-label': 'Take it with you' },
      this.open, this.full, tool(PRESENT, 'Only the robots (O)', host.present), this.card);
    this.full.hidden = !document.fullscreenEnabled;
  }

  /** @param {import('../stage/stage.js').Stage} stage */
  attach(stage) {
    this.#stage = stage;
  }

  toggle() {
    this.card.hidden = !this.card.hidden;
    this.open.setAttribute('aria-expanded', String(!this.card.hidden));
  }

  toggleFull() {
    if (!document.fullscreenEnabled) {
      this.host.tell('This browser does not fill the screen with a page: O shows only the robots.');
      return;
    }
    const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    change.catch(this.host.report);
  }

  async #take() {
    const stage = this.#stage;
    if (!stage) return;
    const { clientWidth, clientHeight } = stage.element;
    const ratio = Math.min(2, devicePixelRatio);
    const size = this.size.value.trim() ? readSize(this.size.value)
      : /** @type {const} */ ([Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)]);
    if (!size) {
      setText(this.problem, `A picture cannot be "${this.size.value}". Allowed: width x height, 16 to ${MOST_PIXELS} pixels each, as 1920x1080.`);
      return;
    }
    try {
      const blob = await stage.view.take(size[0], size[1], this.alone.checked);
      if (blob) download(blob, `${this.host.name()}.png`);
      else this.host.tell('There is nothing to be seen yet.');
    } catch (error) {
      this.host.report(/** @type {Error} */ (error));
    }
  }

  #toggleFilm() {
    if (this.#film) this.#end();
    else this.#begin();
  }

  async #begin() {
    const stage = this.#stage;
    if (!stage) return;
    try {
      const { clientWidth, clientHeight } = stage.element;
      this.record.disabled = this.format.disabled = true;
      const film = await Film.make(this.formats[this.format.selectedIndex], clientWidth, clientHeight);
      this.#film = film;
      this.#filming = (canvas) => film.add(canvas);
      stage.view.drawn.add(this.#filming);
      stage.filming = true;
      this.record.classList.add('recording');
      this.open.classList.add('recording');
      const tick = () => {
        const seconds = Math.round(film.length / 1000);
        setText(this.record, `Stop (${seconds} s)`);
        if (seconds >= LONGEST) this.#end();
      };
      tick();
      this.#clock = setInterval(tick, 500);
    } catch (error) {
      this.format.disabled = false;
      this.host.report(/** @type {Error} */ (error));
    }
    this.record.disabled = false;
  }

  async #end() {
    const [film, stage] = [this.#film, this.#stage];
    if (!film || !stage) return;
    clearInterval(this.#clock);
    this.#film = null;
    if (this.#filming) stage.view.drawn.delete(this.#filming);
    stage.filming = false;
    for (const button of [this.record, this.open]) button.classList.remove('recording');
    setText(this.record, 'Writing …');
    this.record.disabled = true;
    try {
      const blob = await film.end();
      if (film.pictures) download(blob, `${this.host.name()}.${film.format.extension}`);
      else this.host.tell('Nothing has moved: there is no picture in the film.');
    } catch (error) {
      this.host.report(/** @type {Error} */ (error));
    }
    this.format.disabled = this.record.disabled = false;
    setText(this.record, 'Record');
  }
}
