/**
 * A conversation with a language model: a worker's Python says what to send and checks what comes
 * back (`websim/authors/llm`), the server passes it on (`/llm`).
 */

import { InvalidArgument, WorkerError } from '../shared/errors.js';

/**
 * @typedef {object} LanguageModel  what the server has
 * @property {boolean} available
 * @property {string} [why]  there is none
 * @property {string} [model]
 * @property {string} [service]
 * @property {number} [maxTokens]  of an answer
 * @property {number} [maxCost]  dollars, of a day
 * @property {number} [spent]  of that
 * @property {boolean} [priced]  whether the price is known
 *
 * @typedef {{read: number, written: number, cost: number | null, counted: boolean}} Usage
 *
 * @typedef {object} AuthoringEvent  how it stands
 * @property {string} system  what every conversation begins with
 * @property {string[]} turns  what was said, by us and by the model in turns
 * @property {string} text  what it is writing
 * @property {string} note  what goes on
 * @property {number} read  tokens so far
 * @property {number} written
 * @property {number | null} cost  dollars so far; null: no price is known
 * @property {boolean} over
 */

const ADDRESS = new URL('../../llm', import.meta.url);

const CANCELLED = 'The language model was interrupted.';

/** How often what is being written is told, in milliseconds. */
const TELL_MS = 100;

/** What the server has to offer. @returns {Promise<LanguageModel>} */
export async function fetchLanguageModel() {
  try {
    const response = await fetch(ADDRESS);
    if (response.ok) return await response.json();
    return { available: false, why: `The server answered ${response.status}.` };
  } catch {
    return { available: false, why: 'The server cannot be reached, and a language model is asked through it.' };
  }
}

export class Conversation {
  #abort = new AbortController();
  /** Texts, and whether they were cut off. @type {[string, boolean][]} */
  #answers = [];
  #told = -Infinity;
  #priced = true;
  /** @type {AuthoringEvent} */
  #event = { system: '', turns: [], text: '', note: '', read: 0, written: 0, cost: 0, over: false };

  /**
   * @param {(answers: string) => Promise<import('../shared/messages.js').AuthorStep>} step  how it stands after these answers
   * @param {(event: AuthoringEvent) => void} tell
   */
  constructor(step, tell) {
    this.step = step;
    this.tell = tell;
  }

  cancel() {
    this.#abort.abort();
  }

  /**
   * Goes on until it is over. What fails is told in the answer.
   *
   * @returns {Promise<{candidates: unknown[], failure: string, cost: Record<string, number>}>}
   */
  async run() {
    let candidates = [];
    /** @type {string} */
    let failure;
    try {
      for (;;) {
        this.#abort.signal.throwIfAborted();
        const step = await this.step(JSON.stringify(this.#answers));
        const { system, turns, over, problems } = step;
        Object.assign(this.#event, { system, turns, text: '' });
        if (over) {
          ({ failure } = step);
          if (!failure) candidates = JSON.parse(step.candidates);
          break;
        }
        this.#note(problems.length ? `Did not pass, and goes back: ${problems.join(' ')}` : 'It reads.');
        this.#answers.push(await this.#ask(turns));
      }
    } catch (error) {
      failure = this.#abort.signal.aborted ? CANCELLED : /** @type {Error} */ (error).message;
    }
    this.#event.over = true;
    this.#note(failure || `It has written ${candidates.length} that pass.`);
    const { read, written, cost } = this.#event;
    /** @type {Record<string, number>} */
    const used = { tokens_read: read, tokens_written: written };
    if (cost !== null) used.dollars = cost;
    return { candidates, failure, cost: used };
  }

  /** Sends what was said; resolves with the answer. @param {string[]} turns @returns {Promise<[string, boolean]>} */
  async #ask(turns) {
    const { signal } = this.#abort;
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(ADDRESS, { method: 'POST', headers, body: JSON.stringify({ turns }), signal }).catch((error) => {
      throw signal.aborted ? error : new WorkerError('the server cannot be reached');
    });
    if (!response.ok || !response.body) {
      const told = await response.json().catch(() => ({ message: `the server answered ${response.status}` }));
      throw new InvalidArgument(told.message);
    }
    for await (const line of lines(response.body)) {
      const told = JSON.parse(line);
      if (told.kind === 'wrote') this.#wrote(told.text);
      else if (told.kind === 'waits') this.#note(`${told.why} It is asked again in ${Math.ceil(told.seconds)} s.`);
      else {
        if (told.usage) this.#used(told.usage);
        if (told.kind === 'failed') throw new WorkerError(told.message);
        return [this.#event.text, told.cut];
      }
    }
    throw new WorkerError('the server ended in the middle of the answer');
  }

  /** @param {string} text */
  #wrote(text) {
    this.#event.text += text;
    if (performance.now() - this.#told > TELL_MS) this.#note('It writes.');
  }

  /** @param {Usage} usage */
  #used({ read, written, cost }) {
    const event = this.#event;
    event.read += read;
    event.written += written;
    this.#priced &&= cost !== null;
    event.cost = this.#priced ? (event.cost ?? 0) + (cost ?? 0) : null;
  }

  /** @param {string} note */
  #note(note) {
    this.#told = performance.now();
    this.#event.note = note;
    this.tell({ ...this.#event });
  }
}

/** Lines of a stream. @param {ReadableStream<Uint8Array>} stream */
export async function* lines(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const found = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = found.pop() ?? '';
      yield* found.filter(Boolean);
    }
    if (rest) yield rest;
  } finally {
    reader.cancel().catch(() => {}); // it may have failed already
  }
}
