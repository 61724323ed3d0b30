/** Pages of boards have the dashboard's colours, and no more robots are chosen than can stand side by side. */

import { Theme } from '../theme.js';

const MOST = 4;

new Theme();

/** @type {NodeListOf<HTMLInputElement>} */
const choices = document.querySelectorAll('input[name="run"]');
const button = document.querySelector('button');

function limit() {
  const chosen = [...choices].filter(({ checked }) => checked).length;
  for (const choice of choices) choice.disabled = !choice.checked && chosen >= MOST;
  if (button) button.disabled = chosen === 0;
}

addEventListener('change', limit);
limit();
