/** A conversation with a language model, as the page leads it; Python and the server are played. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { Conversation, lines } from '../../web/sim/page/conversation.js';

const before = globalThis.fetch;
afterEach(() => (globalThis.fetch = before));

/** @param {string[]} pieces */
function stream(...pieces) {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
}

/** @param {object[]} told */
const answer = (...told) => ({ ok: true, body: stream(...told.map((line) => `${JSON.stringify(line)}\n`)) });

const usage = { read: 10, written: 5, cost: 0.5, counted: true };

/** Python: what passes is over, what says "bad" goes back. @param {string} answers */
async function step(answers) {
  const given = JSON.parse(answers);
  const over = given.length > 0 && given.at(-1)[0] !== 'bad';
  return {
    system: 'S', turns: ['ask', ...given.flatMap(([text]) => [text, 'again'])], over, returns: given.length, kept: [],
    problems: over || !given.length ? [] : ['it is bad'], candidates: over ? '[{"name":"a"}]' : '', failure: '',
  };
}

test('lines arrive whole, however the bytes are cut', async () => {
  const bytes = new TextEncoder().encode('ä\nb');
  const found = [];
  for await (const line of lines(stream('x', 'y\n\n', bytes.slice(0, 1), bytes.slice(1)))) found.push(line);
  assert.deepEqual(found, ['xy', 'ä', 'b']);
});

test('what does not pass goes back, and everything is counted', async () => {
  const sent = [];
  const says = [[{ kind: 'waits', seconds: 2, why: 'Busy.' }, { kind: 'wrote', text: 'bad' }], [{ kind: 'wrote', text: 'go' }, { kind: 'wrote', text: 'od' }]];
  globalThis.fetch = async (url, { body }) => {
    sent.push(JSON.parse(body).turns);
    return answer(...says.shift(), { kind: 'ended', cut: false, usage });
  };
  const events = [];
  const got = await new Conversation(step, (event) => events.push(event)).run();
  assert.deepEqual(got, { candidates: [{ name: 'a' }], failure: '', cost: { tokens_read: 20, tokens_written: 10, dollars: 1 } });
  assert.deepEqual(sent, [['ask'], ['ask', 'bad', 'again']]);
  assert(events.some(({ note }) => note === 'Busy. It is asked again in 2 s.'));
  assert(events.some(({ note }) => note.includes('it is bad')));
  assert(events.at(-1).over);
});

test('failures are words, with what they cost', async () => {
  globalThis.fetch = async () => answer({ kind: 'wrote', text: 'x' }, { kind: 'failed', message: 'It refuses.', usage });
  const failed = await new Conversation(step, () => {}).run();
  assert.deepEqual([failed.failure, failed.cost.dollars], ['It refuses.', 0.5]);
  globalThis.fetch = async () => ({ ok: false, status: 429, json: async () => ({ message: 'Too often.' }) });
  assert.equal((await new Conversation(step, () => {}).run()).failure, 'Too often.');
  globalThis.fetch = async () => ({ ok: false, status: 502, json: async () => JSON.parse('<') });
  assert.equal((await new Conversation(step, () => {}).run()).failure, 'the server answered 502');
  globalThis.fetch = async () => { throw new TypeError('offline'); };
  assert.equal((await new Conversation(step, () => {}).run()).failure, 'the server cannot be reached');
  globalThis.fetch = async () => answer({ kind: 'wrote', text: 'x' });
  assert.match((await new Conversation(step, () => {}).run()).failure, /ended in the middle/);
});

test('it can be cancelled while it writes', async () => {
  let hung = false;
  globalThis.fetch = async (url, { signal }) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"kind":"wrote","text":"x"}\n'));
        setImmediate(() => conversation.cancel());
        signal.addEventListener('abort', () => {
          hung = true;
          controller.error(signal.reason);
        });
      },
    });
    return { ok: true, body };
  };
  const conversation = new Conversation(step, () => {});
  const { failure, candidates } = await conversation.run();
  assert.equal(failure, 'The language model was interrupted.');
  assert.deepEqual(candidates, []);
  assert(hung);
});

test('without a price no cost is told', async () => {
  globalThis.fetch = async () => answer({ kind: 'wrote', text: 'good' }, { kind: 'ended', cut: false, usage: { ...usage, cost: null } });
  const { cost } = await new Conversation(step, () => {}).run();
  assert.deepEqual(cost, { tokens_read: 10, tokens_written: 5 });
});
