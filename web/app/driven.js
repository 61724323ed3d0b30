/** Robots that a program on this machine moves (`websim.connect`): it resets them, and says every action. */

/** What the address says of it: a port of this machine, and a token. */
const ADDRESS = /^#drive=(\d{1,5})\.([\w-]+)$/;

/** @typedef {import('./session.js').Session} Session */

/**
 * Lets the program move the robots, if the address names one.
 *
 * @param {Session} session @param {(level: 'info'|'warning', message: string) => void} tell
 */
export function letDrive(session, tell) {
  const [, port, token] = ADDRESS.exec(location.hash) ?? [];
  if (!token) return;
  session.addEventListener('opened', () => drive(session, `ws://127.0.0.1:${port}/${token}`, tell), { once: true });
}

/** @param {Session} session @param {string} address @param {(level: 'info'|'warning', message: string) => void} tell */
function drive(session, address, tell) {
  const sim = /** @type {import('../sim/websim.js').WebSim} */ (session.sim);
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  const told = (/** @type {object} */ what) => socket.send(JSON.stringify(what));
  let connected = false;
  socket.onopen = () => {
    connected = true;
    const [{ task, observationSize, actionSize, actionLow, actionHigh }, ...more] = sim.groups;
    if (more.length) return told({ error: 'the tab has robots of several types' });
    told({ task, numEnvs: sim.numEnvs, observationSize, actionSize, actionLow: [...actionLow], actionHigh: [...actionHigh] });
    tell('info', 'A program on this machine moves the robots.');
  };
  socket.onclose = () => tell('warning', connected ? 'The program that moved the robots has let them go.'
    : 'No program on this machine could be reached that would move the robots.');
  socket.onmessage = async ({ data }) => {
    try {
      socket.send(typeof data === 'string' ? await reset(JSON.parse(data).reset) : await step(data));
    } catch (error) {
      if (socket.readyState === WebSocket.OPEN) told({ error: /** @type {Error} */ (error).message });
    }
  };
  session.addEventListener('closing', () => socket.close(1000, 'something else is simulated'), { once: true });

  /** @param {number|null} seed */
  async function reset(seed) {
    return /** @type {Float64Array<ArrayBuffer>} */ (await sim.reset(seed === null ? {} : { seed }));
  }

  /** @param {ArrayBuffer} actions  float32 */
  async function step(actions) {
    const result = /** @type {import('../sim/page/lockstep.js').StepResult} */ (await sim.step(new Float32Array(actions)));
    const { observations, rewards, finalObservations, terminations, truncations } = result;
    const parts = [observations, rewards, finalObservations, terminations, truncations];
    const answer = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of parts) {
      answer.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return answer;
  }
}
