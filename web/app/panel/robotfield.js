/** What is simulated: a built-in task, several of them, or robots of one's own. */

import { h } from '../dom.js';
import { fileInput } from '../opening/files.js';
import { labelled, textField } from './fields.js';

/**
 * @typedef {import('./options.js').Options} Options
 * @typedef {import('./fields.js').Change} Change
 */

/** Chosen in the list to name several. */
const SEVERAL = 'several';

/** What the server was asked to open. */
const OPENED = 'open-';

/** Of the user's own: `own-` and their id. */
const OWN = 'own-';

export class RobotField {
  /** @type {Options|null} */
  #options = null;
  /** What runs of the store are called, by id. @type {Map<string, string>} */
  #titles = new Map();

  /** @param {string[]} tasks @param {Change} change @param {(files: import('../opening/files.js').Files) => void} open */
  constructor(tasks, change, open) {
    this.own = h('optgroup', { label: 'Your own', hidden: true });
    this.select = h('select', { id: 'option-task' }, this.own,
      h('optgroup', { label: 'Tasks' }, ...tasks.map((id) => h('option', { value: id }, id))),
      h('option', { value: SEVERAL }, 'Several types…'));
    this.select.addEventListener('change', () => {
      const { value } = this.select;
      if (value === SEVERAL) this.#showSeveral(true);
      else if (value.startsWith(OPENED)) change({ open: value.slice(OPENED.length) });
      else if (value.startsWith(OWN)) change({ experiment: value.slice(OWN.length) });
      else change({ task: value });
    });
    this.several = textField('task', 'Robots and their numbers', change);
    this.several.input.id = 'option-several';
    this.several.input.placeholder = 'Ant-v5:200,Hopper-v5:100';
    this.several.element.querySelector('label')?.setAttribute('for', this.several.input.id);
    const files = fileInput({ id: 'open-files', accept: '.xml,.mjcf,.urdf,.zip,.websim,.py,.stl,.obj,.msh,.skn,.png,.hf,.dae,.onnx,.cleanrl_model,.pt,.pth,.safetensors,.npz,.hdf5,.h5,.json,.pkl' }, open);
    this.files = files;
    const folder = fileInput({ id: 'open-folder', webkitdirectory: true }, open);
    this.element = h('div', {},
      labelled(this.select, 'Robot'), this.several.element,
      h('div', { class: 'row openers' },
        h('button', { title: 'A robot (MJCF, URDF or a zip archive), a run (.websim), a policy of another program (.onnx, Stable-Baselines3, CleanRL, TensorFlow.js), recorded episodes (.npz, .hdf5) or a reward (.py); or drop it on the page', onclick: () => files.click() }, 'Open…'),
        h('button', { title: 'A robot with all of its files', onclick: () => folder.click() }, 'Open a folder…'),
        files, folder));
  }

  /** Told whether several types are typed in. @type {(several: boolean) => void} */
  onSeveral = () => {};

  /** @param {boolean} shown */
  #showSeveral(shown) {
    this.several.element.hidden = !shown;
    this.onSeveral(shown);
  }

  /** @param {Options} options */
  show(options) {
    this.#options = options;
    const { experiment, open, task } = options;
    const several = !experiment && !open && task.includes(':');
    const value = several ? SEVERAL : experiment ? OWN + experiment : open ? OPENED + open : task;
    if (![...this.select.options].some((option) => option.value === value)) {
      if (experiment) this.own.append(h('option', { value }, 'Your own'));
      else this.select.append(h('option', { value }, open || value));
    }
    this.select.value = value;
    if (open) this.select.selectedOptions[0].textContent = this.#titles.get(open) ?? open;
    this.several.show(several ? options : { ...options, task: '' });
    this.#showSeveral(several);
  }

  /** @param {string} id  of a run of the store @param {string} title */
  nameStored(id, title) {
    this.#titles.set(id, title);
    if (this.#options) this.show(this.#options);
  }

  /** @param {{id: string, title: string}[]} own  the user's own, that there are now */
  showOwn(own) {
    this.own.replaceChildren(...own.map(({ id, title }) => h('option', { value: OWN + id }, title)));
    this.own.hidden = !own.length;
    if (this.#options) this.show(this.#options);
  }
}
