/**
 * What Python hands to JavaScript, as `websim/browser/messages.py` declares it. Made by
 * `python -m websim_server.build.messages`; a test compares.
 */

/**
 * @typedef {object} ShardSizes  sizes of what a shard publishes
 * @property {number} numEnvs  environments
 * @property {number} observationSize  numbers of an observation
 * @property {number} actionSize  numbers of an action
 * @property {number} rewardTerms  terms that a reward is the sum of
 * @property {number} nq  numbers of a position
 * @property {number} nv  numbers of a velocity
 * @property {number} nbody  bodies, the world included
 */

/**
 * @typedef {object} ArrayPlace  where an array lies in Python's memory
 * @property {string} name  as in the layout of shared memory, `web/sim/shared/memory.js`
 * @property {number} address  of its first byte
 * @property {number} length  numbers in it
 */

/**
 * @typedef {object} About  what a shard says of its environments
 * @property {ShardSizes} sizes  of what it publishes
 * @property {number} frameSkip  physics steps of an environment step
 * @property {number} dt  seconds of simulated time of an environment step
 * @property {string[]} actionNames  empty texts where there is none
 * @property {string[]} observationNames  likewise; none at all where the task is not understood
 * @property {number[]} actionLow  lower bounds of an action
 * @property {number[]} actionHigh  upper bounds
 * @property {string[]} actionSources  where the bounds of each come from, see `websim.action_ranges`
 * @property {string[]} rewardTermNames  in the order of the terms
 */

/**
 * @typedef {object} TrainingPlan  how a run is dealt to workers
 * @property {string} spec  a TrainingSpec, complete, as JSON
 * @property {number} numEnvs  environments that learn, of all ranks together
 * @property {number} maxEpisodeSteps  after which an episode ends at the latest
 * @property {number} totalTimesteps  environment steps in all
 * @property {number} iteration  to go on from
 * @property {number} globalStep  likewise
 * @property {number} ranks  how many of the workers can learn
 */

/**
 * @typedef {object} CheckpointDescription  what a checkpoint is of
 * @property {string} spec  a TrainingSpec, complete, as JSON
 * @property {number} iteration  finished iterations
 * @property {number} globalStep  environment steps so far
 * @property {number} ranks  ranks that wrote it
 */

/**
 * @typedef {object} PolicySizes  what a checkpoint's policy can move
 * @property {string} task  task id
 * @property {number} observationSize  numbers that it sees
 * @property {number} actionSize  numbers that it gives
 */

/**
 * @typedef {object} Iteration  what an iteration has brought a rank; what is learnt and counted is the same on all
 * @property {boolean} root  whether this rank speaks for all
 * @property {number} iteration  finished iterations
 * @property {number} globalStep  environment steps so far, of all ranks
 * @property {number} recentReturn  mean return of the newest episodes; NaN before the first has ended
 * @property {number} seconds  that it took, the checkpoint included
 * @property {Record<string, number>} metrics  by TensorBoard tag; NaN where there is nothing to tell
 * @property {boolean} done  it was the last one, or has been told to be
 * @property {boolean} finished  it was the last one
 * @property {number[]} lost  ranks lost in it; it was given up, and the others go on
 * @property {Uint8Array<ArrayBuffer> | null} checkpoint  where one was due and this rank is the root
 * @property {number} saving  seconds that the checkpoint took
 */

/**
 * @typedef {object} TrainingSpec  what is trained; with the number of ranks it decides every number of a run
 * @property {string} task  task id
 * @property {string} [algorithm]  a name of `websim.algorithms.ALGORITHMS`
 * @property {Record<string, unknown>} [task_options]  the task's constructor options
 * @property {Record<string, unknown>} [hyperparameters]  those of the algorithm that are not its defaults
 * @property {number} [seed]  of weights, environments and everything random
 */

/** What a rank hands to the others at once, in bytes. */
export const RANK_SLOT_BYTES = 1048576;

/** Runs are judged by the mean return of so many. */
export const RECENT_EPISODES = 100;
