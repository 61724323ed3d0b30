/**
 * The one catalogue of what the page and its workers say to each other.
 *
 * The page sends requests, each with an id, and gets one answer for each: a reply, or an error as
 * plain data. Workers send events of their own accord. In an isolated page the batches lie in shared
 * memory and messages only say that something happened; otherwise a sample of that memory travels
 * with the message.
 */

/**
 * @typedef {import('./messages.js').ShardPlace & {experiment: Experiment}} ShardSpec
 *
 * @typedef {object} ShardDescription  a worker's part of a group
 * @property {number} group
 * @property {import('./messages.js').About} about
 * @property {import('./memory.js').Layout} layout
 * @property {ArrayBuffer | SharedArrayBuffer} buffer   shared, or the first sample
 * @property {import('../worker/scene.js').Scene} scene
 *
 * @typedef {object} Sample  a copy of a shard's memory, where it is not shared
 * @property {number} group
 * @property {ArrayBuffer} buffer
 *
 * @typedef {object} HandEvent  what a hand has done, as it is recorded (`websim.hands.Event`)
 * @property {'push' | 'pull' | 'move' | 'release' | 'pose' | 'keyframe'} do
 * @property {number} iteration
 * @property {number} step
 * @property {[number, number][]} environments  first and count each, within their group
 *
 * @typedef {'reward' | 'measure' | 'task_code'} CodeKind
 * @typedef {{reward?: string | null, measure?: string | null, why?: Record<string, unknown>}} Code  another reward or measure; null: the task's own reward, or no measure;
 *   why: what the run tells of it in its decisions, where it was decided on evidence
 *
 * @typedef {{id: number, answer?: boolean, undo?: number}} Wish  what somebody wants of a run that adapts (`websim.adaptation.trainer.Wish`)
 *
 * @typedef {object} Drive   what drives the environments when nobody steps them from outside
 * @property {number} speed        multiples of real time; Infinity: as fast as it goes
 * @property {number} sampleRate   samples a second at most, where memory is not shared
 * @property {boolean} running
 */

/**
 * @typedef {object} Learn
 * @property {Experiment | null} experiment  null: the checkpoint's
 * @property {ArrayBuffer | null} checkpoint  to go on from
 * @property {SharedArrayBuffer | null} exchange  where memory is shared
 * @property {number} rank
 * @property {number} ranks
 * @property {number | null} checkpointSeconds  between two checkpoints; null: as often as they cost little
 *
 * @typedef {import('./messages.js').Experiment & {archive?: ArrayBuffer}} Experiment
 *   archive: a run with the files of its robot, where it has one; beside a checkpoint there need be none
 * @typedef {import('./messages.js').TrainingPlan} TrainingPlan
 * @typedef {import('./messages.js').PolicySizes} PolicySizes
 * @typedef {import('./messages.js').RunDescription} RunDescription
 * @typedef {import('./messages.js').RobotReading} RobotReading
 * @typedef {import('./messages.js').TaskFile} TaskFile
 *
 * @typedef {object} SharedAs  what others will get of a run
 * @property {string} title  empty: the run's
 * @property {string} author  empty: nobody says
 * @property {number} episodes  that its claim is made of
 * @property {Required<import('../page/links.js').LinkOptions> | null} link  null: a file with all that has been learnt
 * @property {ArrayBuffer | null} picture  for a file: a JPEG of its robots
 *
 * @typedef {Experiment & Required<Pick<Experiment,
 *   'task_options' | 'algorithm' | 'hyperparameters' | 'seed' | 'title'>>} CompleteExperiment
 * @typedef {Omit<RunDescription, 'experiment'> & {experiment: CompleteExperiment}} RunInfo
 */

/** What a run's policy is written as for other programs. @typedef {'onnx' | 'safetensors' | 'tfjs'} PolicyFormat */

/**
 * @typedef {object} Recorded
 * @property {ArrayBuffer | null} data  a run, whose policy plays; null: chance alone does
 * @property {Experiment | null} experiment  what is played where there is no run
 * @property {boolean} trusted  the run's code may do anything
 * @property {import('./messages.js').RecordingOrder} order
 * @property {string[] | null} files  names of two, the second for what comes of it (`disk.js`); null: all is in memory
 */

/**
 * Requests of the page: payload and reply of each. A reply of `Sample[]` is empty where memory is
 * shared.
 *
 * @typedef {object} Requests
 * @property {(payload: {manifest: import('./messages.js').Manifest, isolated: boolean, reproducible: boolean, taskFiles: TaskFile[]}) => void} boot
 * @property {(payload: {spec: ShardSpec, opening: import('./messages.js').Opening, drive: Drive}) => Promise<ShardDescription | null>} overture
 *   while the worker boots: moves the robots until environments are made; null: it has booted
 * @property {(payload: TaskFile) => string[]} defineTasks  their ids
 * @property {(payload: {specs: {experiment: Experiment}[]}) => number[]} measure
 *   milliseconds of one environment step of each
 * @property {(payload: {specs: ShardSpec[], drive: Drive}) => ShardDescription[]} create
 *   makes environments in place of those that there are; they go on from an overture that leads to them
 * @property {(payload: {seed: number | null}) => Sample[]} reset
 * @property {(payload: {actions: Map<number, Float32Array> | null}) => Sample[]} step
 *   one lock-step step; actions by group, or null when they lie in shared memory
 * @property {(payload: {}) => Sample[]} stepOnce  one step of the controller
 * @property {(payload: Partial<Drive>) => void} drive
 * @property {(payload: {group: number, index: number, action: Float32Array | null}) => void} setAction
 * @property {(payload: import('./messages.js').Deed) => HandEvent} handle  what a hand does
 * @property {(payload: {group: number, index: number}) => Float64Array<ArrayBuffer>} contacts  of one of the worker's environments, with their forces, [n, 6]
 * @property {(payload: {group: number, first: number, count: number, name: string}) => void} setController
 * @property {(payload: {group: number}) => import('./messages.js').Vocabulary} vocabulary
 * @property {(payload: {group: number, kind: CodeKind, source: string}) => import('./messages.js').CodeProblem[]} checkCode
 * @property {(payload: {group: number, code: Code}) => void} tryCode
 * @property {(payload: {group: number}) => void} useCode
 * @property {(payload: {group: number} & Omit<CodeFailure, 'message'>) => void} giveUpCode
 *   pays and judges by what was tried, or by what did before the last change; `recoded` comes first
 * @property {(payload: {data: ArrayBuffer}) => PolicySizes} sizesOfPolicy  of a checkpoint's policy
 * @property {(payload: {name: string, data: ArrayBuffer}) => void} addPolicy
 * @property {(payload: {code: string}) => unknown} runPython
 * @property {(payload: {exchange: SharedArrayBuffer, rank: number, ranks: number}) => void} join
 *   makes the worker a rank of a group in which Python can learn together
 * @property {(payload: {experiment: Experiment | null, checkpoint: ArrayBuffer | null, workers: number}) => TrainingPlan} plan
 * @property {(payload: Learn) => {restarted: boolean, description: ShardDescription}} learn
 *   makes the worker a rank of a training run; if it is one, it joins another group of ranks.
 *   restarted: its environments could not be taken from the checkpoint
 * @property {(payload: {run?: boolean, save?: boolean, code?: Code, wish?: Wish}) => void} train
 *   run: begins, or ends after the iteration under way; save: asks for a checkpoint; code: pays or
 *   judges from then on; wish: of a run that adapts
 * @property {(payload: {experiment: Experiment, state: string | null, act: string, given: string, seconds: number}) => import('./messages.js').TournamentStep} stepTournament
 *   does something to a tournament, whose state the page keeps
 * @property {(payload: {experiment: Experiment, state: string | null, words: string, count: number, answers: string}) => import('./messages.js').AuthorStep} converse
 *   what a language model is to be asked next, or what came of it; without a state: of a tournament that is to begin
 * @property {(payload: {experiment: Experiment, state: string, runs: Map<number, ArrayBuffer>}) => Uint8Array<ArrayBuffer>} writeTournament  its file
 * @property {(payload: {order: string, experiment: Experiment, checkpoint: ArrayBuffer | null}) => Promise<import('./messages.js').JobEnd>} learnJob
 *   a candidate learns beside what else the worker has to do
 * @property {(payload: {abandon: boolean}) => void} endJob  the job under way is judged as it is, or given up
 * @property {(payload: {experiment: Experiment, checkpoint: ArrayBuffer | null, seed: number}) => import('./messages.js').ScenePool} playScenes
 *   of a run's robots, of which somebody picks
 * @property {(payload: {known: string, picks: string, count: number, seed: number}) => import('./messages.js').PicksStanding} judgePicks
 * @property {(payload: {data: ArrayBuffer, trusted: boolean}) => RunDescription} readRun  trusted: its code may do anything
 * @property {(payload: {link: string}) => import('./messages.js').LinkReading} readLink
 * @property {(payload: {data: ArrayBuffer, trusted: boolean, share: SharedAs | null}) => void} beginMeasuring
 *   what a run claims, or will claim
 * @property {(payload: {policy: ArrayBuffer, statistics: ArrayBuffer | null, experiment: Experiment, title: string}) => void} beginTrial
 *   of another program's policy
 * @property {(payload: Recorded) => Promise<void>} beginRecording  of episodes
 * @property {(payload: {data: ArrayBuffer, experiment: Experiment, title: string, seed: number, episodes: number}) => void} beginCloning
 *   teaches a policy what a recording shows
 * @property {(payload: {seconds: number}) => Progress<keyof WorkProgress>} goOn  with what was begun last
 * @property {(payload: {data: ArrayBuffer, trusted: boolean, format: PolicyFormat}) => Uint8Array<ArrayBuffer>} exportPolicy  a run's
 * @property {(payload: {data: ArrayBuffer, experiment: Experiment}) => import('./messages.js').RecordingRead} readRecording
 *   experiment: with the robot that it is of
 * @property {(payload: {episode: number}) => import('./messages.js').RecordedPoses} recordedPoses  of what was read last
 * @property {(payload: {experiment: Experiment}) => ArrayBuffer} writeExperiment  a file of it
 * @property {(payload: {files: Record<string, ArrayBuffer>, main: string | null}) => RobotReading} readRobot
 * @property {(payload: {file: TaskFile, present: Experiment | null, trusted: boolean}) => string[]} readTasks
 *   runs Python that registers tasks; an experiment with each, as JSON
 * @property {(payload: {}) => {embindObjects: number}} close
 */

/**
 * How far work is, by what began it.
 *
 * @typedef {object} WorkProgress
 * @property {import('./messages.js').Measuring} beginMeasuring
 * @property {import('./messages.js').Importing} beginTrial
 * @property {import('./messages.js').Recording} beginRecording
 * @property {import('./messages.js').Cloned} beginCloning
 */
/** @template {keyof WorkProgress} T @typedef {WorkProgress[T]} Progress */

/**
 * What workers tell unasked.
 *
 * @typedef {object} CodeFailure  why a reward or a measure has given way, as it ran
 * @property {string} message
 * @property {'reward' | 'measure'} part
 * @property {string} source
 *
 * @typedef {object} Events
 * @property {{stage: import('../worker/boot.js').Stage | 'moving', at: number}} progress
 *   a stage of the start begins, at this `moment()` (stages.js); moving: the first free step is done
 * @property {{compiles: boolean}} heartbeat  compiles: MuJoCo begins to compile a robot, and nothing is heard until it has
 * @property {{group: number, ended: number[]}} episodes  [index within the group, return, length]*
 * @property {{samples: Sample[]}} samples
 * @property {import('./messages.js').Iteration} iteration  of a rank
 * @property {{description: ShardDescription, failure: CodeFailure | null, others: boolean}} recoded  something else is paid or judged by, and seen in
 *   other memory; failure: what made the worker go back to what was before, if that is why; others: they are other
 *   environments, perhaps on other ground
 * @property {{message: string}} unpaid  a reward could not pay some robots
 * @property {{message: string}} diverged  what this rank learns is no longer finite; it has stopped
 * @property {{name: import('../worker/libraries.js').LibraryName, loaded: number, bytes: number}} library  is being
 *   loaded, as something needs it: so many of its bytes are there
 * @property {{error: import('./errors.js').PlainError}} failed  stepping failed: the worker is of no more use
 */

/** @typedef {keyof Requests} RequestType */
/** @template {RequestType} T @typedef {Parameters<Requests[T]>[0]} Payload */
/** @template {RequestType} T @typedef {ReturnType<Requests[T]>} Reply */

/**
 * @typedef {{id: number, type: RequestType, payload: any}} RequestMessage
 * @typedef {import('../page/parts.js').PartMessage} PartMessage  what the worker boots from, as it arrives
 * @typedef {{recycle: Sample[]}} RecycleMessage  buffers given back for the next samples
 * @typedef {{mailbox: SharedArrayBuffer}} MailboxMessage  where memory is shared, requests may lie there (`mailbox.js`)
 * @typedef {{letters: true}} LettersMessage  some do
 * @typedef {{id: number, reply: unknown} | {id: number, error: import('./errors.js').PlainError}} AnswerMessage
 * @typedef {{[T in keyof Events]: {event: T} & Events[T]}[keyof Events]} EventMessage
 */

export {};
