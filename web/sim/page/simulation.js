/**
 * A simulation behind its public face, `WebSim`: holds its parts together, has its workers make what
 * they are to own, and hears what they tell.
 */

import { CONTROLLERS, MAX_ENVS, checkTotal } from './arguments.js';
import { choose, count as counted, thisMachine } from './choice.js';
import { Dealing } from './dealing.js';
import { Driving } from './driving.js';
import { ClosedError, InvalidArgument, WorkerError, toPlain } from '../shared/errors.js';
import { Events } from './events.js';
import { Hands } from './hands.js';
import { HandsRecord } from './handsrecord.js';
import { LockStep } from './lockstep.js';
import { SHARES_MEMORY } from '../shared/memory.js';
import { Recoding } from './recoding.js';
import { Shards } from './shards.js';
import { Statistics } from './statistics.js';
import { TrainingRun } from './trainingrun.js';

/** Robots that a reward could not pay are told of at most so often, in milliseconds. */
const UNPAID_MS = 5000;

/**
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 * @typedef {import('./fleet.js').Tenant} Tenant
 * @typedef {import('./balance.js').Range} Range
 */

/** @implements {Tenant} */
export class Simulation {
  events = new Events();
  /** Its workers, once they are employed. @type {import('./fleet.js').Fleet | undefined} */
  fleet;
  /** What is being learnt. @type {TrainingRun | null} */
  training = null;
  /** Which rewards learn. @type {import('./tournamentrun.js').TournamentRun | null} */
  tournament = null;
  closed = false;
  /** There once the groups are. @type {LockStep | undefined} */
  lockStep;
  /** Resolves when it is known how many workers share the environments. @type {PromiseWithResolvers<void>} */
  staffed = Promise.withResolvers();
  /** Told of a worker that is about to boot. @type {Tenant['onStarted']} */
  onStarted = () => {};
  /** @type {Promise<Range[][]> | undefined} */
  #ranges;
  /** Whether people know that MuJoCo compiles for long. */
  #compiling = false;
  /** When it was last told that a reward could not pay. */
  #unpaidTold = -Infinity;

  /**
   * @param {import('../shared/messages.js').Manifest} manifest
   * @param {import('./arguments.js').Settings} settings
   */
  constructor(manifest, settings) {
    const { requests, training, numWorkers, seed, speed, onProgress } = settings;
    this.manifest = manifest;
    this.settings = settings;
    this.onProgress = onProgress;
    const given = requests.map(({ numEnvs: n }) => (n === 'auto' ? 0 : n)).reduce((sum, n) => sum + n, 0);
    const open = requests.filter(({ numEnvs: n }) => n === 'auto').length;
    // How many learn is known when Python has been asked.
    const choice = choose(numWorkers, training && !open ? MAX_ENVS : given, open, thisMachine());
    /** At most one an environment, and as many as the browser has memory for. */
    this.numWorkers = choice.workers;
    /** Why there are so many workers and environments. */
    this.reasons = choice.reasons;
    this.seed = seed;
    /** Whether memory is shared with the workers; otherwise samples of it travel by message. */
    this.isolated = SHARES_MEMORY;
    this.dealing = new Dealing(requests.map(({ experiment, numEnvs: n }) => (
      { experiment, numEnvs: n === 'auto' ? choice.environments : n }
    )));
    checkTotal(this.numEnvs);
    this.shards = new Shards(this.dealing.groups, this.numWorkers);
    this.driving = new Driving(this.shards, () => this.workers, speed);
    const [{ experiment } = { experiment: undefined }] = this.dealing.requests;
    this.record = new HandsRecord(experiment?.simulation ? /** @type {any} */ (experiment.hands) ?? [] : []);
    this.hands = new Hands(this.shards, () => this.workers, this.events, this.record);
    this.recoding = new Recoding(this.dealing, this.shards, () => this.workers, this.events);
    this.statistics = new Statistics(this.shards, this.numEnvs);
  }

  /** Environments of all groups together. */
  get numEnvs() {
    return this.dealing.numEnvs;
  }

  get workers() {
    return this.fleet?.workers ?? [];
  }

  /** @param {number} workers @param {string} reason */
  limitWorkers(workers, reason) {
    this.numWorkers = workers;
    this.shards.shrink(workers);
    this.reasons.push(reason);
  }

  /** The groups are there: they can be driven. */
  begin() {
    this.driving.begin(this.settings.controller);
    this.lockStep = new LockStep(this.dealing.driven, this.shards, this.isolated, () => this.workers, {
      checkOpen: () => this.checkOpen(),
      onSamples: (worker, samples) => this.#onSamples(worker, samples),
    });
  }

  checkOpen() {
    if (this.closed) throw new ClosedError('the simulation was closed; make a new one');
  }

  /** @param {Partial<import('../shared/protocol.js').Drive>} change */
  drive(change) {
    this.checkOpen();
    if (change.running) this.record.move();
    if (this.driving.set(change)) this.events.emit('state', { running: this.driving.drive.running });
  }

  /** Asks a worker that is there. @template T @param {(worker: KeptWorker) => Promise<T>} ask */
  async anyone(ask) {
    const worker = this.workers.find(({ equipped }) => equipped);
    if (!worker) throw new WorkerError('all workers are being replaced; try again in a few seconds');
    return ask(worker);
  }

  /**
   * An experiment of the robots that there are, with what hands did to them.
   *
   * @returns {import('../shared/protocol.js').Experiment}
   * @throws InvalidArgument where the same would not come of it again
   */
  experimentWithHands() {
    const { requests: [request, ...more], learners } = this.dealing;
    if (!request || more.length || learners) {
      throw new InvalidArgument('what hands did is saved of robots of one kind, while none learn');
    }
    const controller = this.driving.common;
    if (controller === null || !CONTROLLERS.includes(/** @type {any} */ (controller))) {
      throw new InvalidArgument(`the robots must have one controller of ${CONTROLLERS.join(', ')}: a file has no other`);
    }
    const { numEnvs, numWorkers: workers, seed } = this;
    return {
      ...request.experiment,
      hands: /** @type {any} */ (this.record.take()),
      simulation: { num_envs: numEnvs, seed, controller, workers },
    };
  }

  /** Resolves when every worker is up, those that are being replaced included. */
  async ready() {
    await Promise.all(this.workers.map((worker) => worker.ready));
  }

  /** How a training run would be dealt. @param {import('./trainingrun.js').TrainingOptions} options @param {number} workers */
  async plan({ experiment, checkpoint }, workers) {
    const [worker] = this.workers;
    await worker.booted;
    return worker.request('plan', { experiment: experiment ?? null, checkpoint: checkpoint ?? null, workers });
  }

  /**
   * Deals a training run to the workers, as many as it can be dealt to evenly; the others are ended.
   *
   * @param {import('./trainingrun.js').TrainingOptions} options
   */
  async planTraining(options) {
    const workers = this.numWorkers;
    const plan = await this.plan(options, workers);
    const { events } = this;
    this.training = new TrainingRun(plan, options, this.isolated, events);
    const { experiment, numEnvs, ranks } = this.training;
    this.dealing.learners = { experiment, numEnvs, ranks };
    checkTotal(this.numEnvs);
    this.statistics.begin(this.numEnvs);
    this.reasons.push(`${counted(numEnvs, 'environment')} learn, as num_envs says.`);
    if (ranks === workers) return;
    await this.fleet?.shrink(ranks);
    const message =
      `${counted(ranks, 'worker')} of ${workers}: ${numEnvs} learning environments cannot be dealt evenly to more.`;
    this.limitWorkers(ranks, message);
    events.emit('notice', { level: 'info', message });
  }

  /**
   * Begins a tournament in all workers, or goes on with one.
   *
   * @param {import('./tournamentrun.js').TournamentOptions} options @param {import('./tournamentrun.js').KeptTournament} [kept]
   */
  async author(options, kept) {
    const { TournamentRun } = await import('./tournamentrun.js'); // few visits need it
    this.checkOpen();
    if (this.training) throw new InvalidArgument('the workers learn already: a tournament needs a simulation without training');
    if (this.tournament && !this.tournament.over) throw new InvalidArgument('there is a tournament already: stop it first');
    this.tournament?.close();
    this.tournament = new TournamentRun(options, () => this.workers, this.events);
    await (kept ? this.tournament.resume(kept) : this.tournament.begin());
    return this.tournament;
  }

  /** What a language model would be told. @param {{words: string, experiment: import('../shared/protocol.js').Experiment, candidates: number}} wish */
  async authorPrompt({ words, experiment, candidates }) {
    this.checkOpen();
    const worker = this.workers.find(({ equipped }) => equipped);
    if (!worker) throw new WorkerError('all workers are being replaced; try again in a few seconds');
    const { system, turns } = await worker.request('converse', { experiment, state: null, words, count: candidates, answers: '[]' });
    return { system, request: turns[0] };
  }

  /** Has a worker make what it is to own. @param {KeptWorker} worker */
  async equip(worker) {
    await this.staffed.promise;
    const { training, driving } = this;
    this.shards.deal(await this.#deal(worker));
    const { drive } = driving;
    const specs = this.dealing.specs(this.shards.rangesOf(worker.index), this.seed);
    const descriptions = await worker.request('create', { specs, drive });
    if (training) {
      const { description, restarted } = await training.equip(worker);
      descriptions.push(description);
      if (restarted && worker.index === 0) {
        this.events.emit('notice', {
          level: 'info',
          message: 'Environments start anew: the run is of another number of workers, or a policy without a learner.',
        });
      }
    }
    this.take(worker, descriptions);
    driving.brief(worker, drive);
  }

  /** Only different robots need weighing; the first worker that is up does it for all. @param {KeptWorker} worker */
  async #deal(worker) {
    const { requests } = this.dealing;
    this.#ranges ??= (async () => {
      const costs = requests.length > 1 ? await worker.request('measure', { specs: requests }) : [1];
      return this.dealing.ranges(costs, this.numWorkers);
    })();
    return this.#ranges.catch((error) => {
      this.#ranges = undefined;
      throw error;
    });
  }

  /** Takes what a worker has made. @param {KeptWorker} worker @param {import('../shared/protocol.js').ShardDescription[]} descriptions */
  take(worker, descriptions) {
    this.dealing.describe(descriptions);
    this.shards.take(worker.index, descriptions);
  }

  /** @param {KeptWorker} worker @param {import('../shared/protocol.js').EventMessage} message */
  onEvent(worker, message) {
    switch (message.event) {
      case 'episodes': {
        const { task, offset } = this.dealing.groups[message.group];
        for (let i = 0; i < message.ended.length; i += 3) {
          const [index, episodeReturn, length] = message.ended.slice(i, i + 3);
          this.statistics.episodes.add(episodeReturn, length);
          this.events.emit('episode', { index: offset + index, task, return: episodeReturn, length });
        }
        break;
      }
      case 'samples':
        this.#onSamples(worker, message.samples);
        break;
      case 'iteration':
        if (message.root && message.unpaid) this.#onUnpaid(message.unpaid);
        this.training?.onIteration(worker, message);
        break;
      case 'unpaid':
        this.#onUnpaid(message.message);
        break;
      case 'recoded':
        this.recoding.onRecoded(worker, message);
        break;
      case 'library': {
        const { name, loaded, bytes } = message;
        this.events.emit('library', { name, loaded, bytes });
        break;
      }
      case 'diverged':
        this.training?.onDiverged(message.message);
        break;
    }
  }

  /** @param {KeptWorker} worker @param {import('../shared/protocol.js').Sample[]} samples */
  #onSamples(worker, samples) {
    const replaced = this.shards.update(worker.index, samples);
    worker.recycle(replaced); // even when empty: the worker waits for it before it sends more
  }

  /** A reward could not pay some robots, perhaps many times a second. @param {string} message */
  #onUnpaid(message) {
    const now = performance.now();
    if (now - this.#unpaidTold < UNPAID_MS) return;
    this.#unpaidTold = now;
    this.events.emit('notice', { level: 'warning', message });
  }

  /** @param {KeptWorker} worker @param {string} reason @param {boolean} hung */
  onLost(worker, reason, hung) {
    if (hung) this.recoding.onHung(worker);
    this.shards.lose(worker.index);
    this.record.spoil('a worker was replaced, and its robots began anew');
    this.training?.onLost(worker, reason);
    this.statistics.restarts += 1;
    this.events.emit('workerRestart', { worker: worker.index, reason });
    this.events.emit('notice', {
      level: 'warning',
      message: `Worker ${worker.index} is replaced and its environments restart; the others run on. What happened: ${reason}.`,
    });
  }

  /** @param {KeptWorker} worker @param {Error} error */
  onGivenUp(worker, error) {
    this.shards.lose(worker.index);
    this.training?.onGivenUp();
    this.events.emit('error', { ...toPlain(error), message: `${error.message}. The other workers run on.` });
  }

  /** @param {unknown} error */
  onError(error) {
    this.events.emit('error', toPlain(error));
  }

  /** @param {number} now @param {number} compiling  see Silence */
  onTick(now, compiling) {
    const message = `MuJoCo has been compiling a robot for ${Math.round(compiling / 1000)} s: large meshes take long.`;
    if (compiling && this.fleet && !this.lockStep) this.onProgress({ ...this.fleet.progress, message });
    else if (compiling && !this.#compiling) this.events.emit('notice', { level: 'info', message });
    this.#compiling = compiling > 0;
    const badStates = this.statistics.tick(now, this.workers.length);
    if (badStates > 0) this.events.emit('badState', { count: badStates });
  }

  /** Leaves its workers to whoever takes them. */
  letGo() {
    const { fleet } = this;
    this.closed = true;
    this.training?.close();
    this.tournament?.close();
    this.shards.clear();
    this.events.clear();
    return fleet;
  }

  /** @returns {Promise<number>} embind objects that the workers failed to free */
  async close() {
    if (this.closed) return 0;
    return (await this.letGo()?.close()) ?? 0;
  }
}
