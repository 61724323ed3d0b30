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
 * @property {number} worldValues  numbers that the world has drawn for an environment
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
 * @typedef {object} JointPlace  a joint of one number
 * @property {string} name  its own, or what it is called by
 * @property {number} address  of its number within qpos
 * @property {number | null} low  least value; null: any
 * @property {number | null} high  greatest value; null: any
 * @property {boolean} angle  whether it is an angle, in radians; otherwise a length, in metres
 */

/**
 * @typedef {object} About  what a shard says of its environments
 * @property {ShardSizes} sizes  of what it publishes
 * @property {number} frameSkip  physics steps of an environment step
 * @property {number} dt  seconds of simulated time of an environment step
 * @property {string[]} actionNames  by the actuators' names, or by what they move
 * @property {string[]} observationNames  empty texts where there is none; none at all where the task is not understood
 * @property {number[]} actionLow  lower bounds of an action
 * @property {number[]} actionHigh  upper bounds
 * @property {string[]} actionSources  where the bounds of each come from, see `websim.action_ranges`
 * @property {string[]} rewardTerms  names of the terms that a reward is the sum of
 * @property {string[]} worldValues  names of the numbers that the world has drawn for an environment
 * @property {string[]} terrainKinds  of the terrain's columns; none: there is no terrain
 * @property {JointPlace[]} joints  those of one number, hinges and slides
 * @property {string[]} keyframes  names of the model's; those without one by their number
 */

/**
 * @typedef {object} Deed  what a hand is to do to environments of one group that follow each other
 * @property {number} group  index of the group
 * @property {number} first  the first of them within their group
 * @property {number} count  how many
 * @property {'push' | 'pull' | 'move' | 'release' | 'pose' | 'joint' | 'keyframe'} do  as in `websim.hands.KINDS`; `joint` sets one of the `joints` of each
 * @property {Record<string, unknown>} what  the others of its values (KINDS); of a push `seconds` in place of `steps`, of `joint` `joint` and `value`
 */

/**
 * @typedef {object} ShardPlace  which environments of a group one worker owns
 * @property {number} group  index of the group
 * @property {number} first  index of the first environment within its group
 * @property {number} numEnvs  environments
 * @property {number} seed  of the group's first environment
 */

/**
 * @typedef {object} Opening  how the robots of a task begin, before Python is up
 * @property {About} about  what a shard of them says
 * @property {string} xml  mJCF
 * @property {string[]} fields  arrays of MjData that the task reads besides the state
 * @property {number} states  in which episodes begin
 * @property {number[]} qpos  of each of them [states, nq]
 * @property {number[]} qvel  likewise [states, nv]
 * @property {number[]} userdata  likewise [states, nuserdata]
 * @property {number | null} episodeSteps  of half of the episodes under random actions; null: many
 */

/**
 * @typedef {object} TrainingPlan  how a run is dealt to workers
 * @property {string} experiment  the fields of an Experiment, as JSON
 * @property {number} numEnvs  environments that learn, of all ranks together
 * @property {number} maxEpisodeSteps  after which an episode ends at the latest
 * @property {number} totalTimesteps  environment steps in all
 * @property {number} iteration  to go on from
 * @property {number} globalStep  likewise
 * @property {number} ranks  how many of the workers can learn
 * @property {boolean} adapts  whether the run changes its own course
 * @property {Decision[]} decisions  that were made, the newest last
 * @property {number[]} undoable  numbers of those whose other side is kept
 */

/**
 * @typedef {object} RunDescription  what a run is, and how far
 * @property {string} experiment  the fields of an Experiment, as JSON
 * @property {number} iteration  finished iterations
 * @property {number} globalStep  environment steps so far
 * @property {number} ranks  ranks that wrote it; 0 where there is no learner in it
 * @property {boolean} hasLearnt  whether it has a policy
 * @property {Change[]} changes  of what is paid or judged by, the newest last
 * @property {Decision[]} decisions  that were made without a hand, the newest last
 */

/**
 * @typedef {object} Claim  what some episodes came to, without noise, each in an environment of its own
 * @property {number} meanReturn  of the episodes
 * @property {number} returnStd  standard deviation of their returns
 * @property {number} meanMeasure  naN where nothing says what success is
 * @property {number} measureStd  likewise
 * @property {number} episodes  how many, and in how many environments
 * @property {number} seed  episode i was seeded with seed + i
 * @property {string} engine  what computed them (`websim.physics.engine`): the same one gives the same numbers
 */

/**
 * @typedef {object} Proof  what was claimed beside what was measured here
 * @property {Claim} claim  what the run says of itself
 * @property {Claim} measured  the same episodes, played here
 * @property {boolean} holds  whether one can be believed by the other
 * @property {string} why  in words
 */

/**
 * @typedef {object} LinkReading  what a link carries
 * @property {string} id  of what is in it
 * @property {Uint8Array<ArrayBuffer>} archive  it as a run's file
 * @property {string} experiment  the fields of its Experiment, as JSON
 * @property {string} title  what it is called
 * @property {string} author  who made it; empty: nobody says
 * @property {Claim | null} claim  what it says of itself
 */

/**
 * @typedef {object} SharedLink  a run as a link
 * @property {string} fragment  what goes behind the address of a page
 * @property {'int8' | 'fp16'} precision  of its weights
 * @property {Claim} claim  what was measured when it was made
 */

/**
 * @typedef {object} SharedFile  a run as a file for others, with all that has been learnt
 * @property {Uint8Array<ArrayBuffer>} archive  the file
 * @property {Claim} claim  what was measured when it was made
 */

/**
 * @typedef {object} Measuring  how far the episodes of a claim are
 * @property {boolean} over  whether there is nothing left to do
 * @property {number} taught  how much a smaller policy has been taught, from 0 to 1, where there is to be one
 * @property {number} episodes  that are over
 * @property {number} of  of so many
 * @property {Proof | null} proof  what came of them, where a claim was to be proven and all are over
 * @property {SharedLink | null} link  likewise, where a link was to be made
 * @property {SharedFile | null} file  likewise, where a file was
 */

/**
 * @typedef {object} Taking  a way to take another program's policy
 * @property {string} actions  what they mean, a `websim.exchange.imports.Meaning`
 * @property {string} problem  why it cannot be taken so; empty where it can
 * @property {Uint8Array<ArrayBuffer> | null} archive  the run that is made of it; null where it cannot
 * @property {number | null} episodeReturn  of one episode that it played; null likewise
 * @property {number} length  of that, in environment steps
 */

/**
 * @typedef {object} Importing  how far the trial of another program's policy is
 * @property {boolean} over  whether all ways have been tried
 * @property {number} steps  environment steps that were played
 * @property {Taking[]} takings  the ways to take it, the likeliest first, once all are tried
 */

/**
 * @typedef {object} RecordingOrder  which episodes are played and written down, and how
 * @property {number} episodes  how many
 * @property {number} seed  of the first
 * @property {number} random  share of the episodes that chance plays, 0 to 1
 * @property {'npz' | 'minari'} format  what becomes of them: an .npz, or a dataset of Minari's as .zip
 */

/**
 * @typedef {object} Recording  how far the recording of episodes is
 * @property {boolean} over  whether the file is complete
 * @property {number} episodes  that are recorded
 * @property {number} of  of so many
 * @property {number} steps  environment steps in them
 * @property {number} size  of what has been written, in bytes
 * @property {Uint8Array<ArrayBuffer> | null} file  what came of it where it is not on disk, once it is over
 */

/**
 * @typedef {object} RecordedEpisode  one of those in a recording
 * @property {number} steps  how long it is
 * @property {number} episodeReturn  sum of its rewards
 * @property {number | null} seed  it began with; null: that is not known
 */

/**
 * @typedef {object} RecordingRead  what is in a recording
 * @property {string} task  id of its task; empty: that is not known
 * @property {RecordedEpisode[]} episodes  at least one
 * @property {number} frameSeconds  of the simulation, between two steps
 */

/**
 * @typedef {object} RecordedPoses  what an episode looks like
 * @property {Uint8Array<ArrayBuffer>} poses  of all bodies, after the reset and after each step: position, and quaternion w, x, y, z, float32 [steps + 1, nbody, 7]
 * @property {number[]} returns  sums of the rewards until then [steps + 1]
 */

/**
 * @typedef {object} Cloned  how far a policy has been taught what a recording shows, and judged
 * @property {boolean} over  whether it is taught, and its episodes are over
 * @property {number} updates  of its weights, so far
 * @property {number} of  of so many
 * @property {number} episodes  of its own that are over; they begin when it is taught
 * @property {number} ofEpisodes  of so many
 * @property {number} recordedReturn  mean of the recorded episodes
 * @property {number | null} episodeReturn  mean of its own, once it is over
 * @property {number | null} loss  what is left of the variance of actions, likewise
 * @property {Uint8Array<ArrayBuffer> | null} archive  a run with it, likewise
 */

/**
 * @typedef {object} RobotReading  what files of a robot come to
 * @property {string | null} experiment  the fields of an Experiment, as JSON; null where something is open
 * @property {Uint8Array<ArrayBuffer> | null} archive  a run with the robot's files
 * @property {string[]} missing  files that the model names and that are not there
 * @property {string[]} models  of which one is to be chosen
 * @property {'robot' | 'run' | 'policy' | 'recording'} kind  what they are; one file alone may be a run, another program's policy, or recorded episodes
 */

/**
 * @typedef {object} PolicySizes  what a checkpoint's policy can move
 * @property {string} task  task id
 * @property {number} observationSize  numbers that it sees
 * @property {number} actionSize  numbers that it gives
 */

/**
 * @typedef {object} WorkedReward  a reward of the gallery, with its measure
 * @property {string} name  its file's
 * @property {string} title  what it is called
 * @property {string} about  a sentence on it
 * @property {string} reward  its code
 * @property {string} measure  that of its measure
 */

/**
 * @typedef {object} Vocabulary  what code may say of robots
 * @property {Record<string, string[]>} names  of the model, by what has them: bodies, joints, 
 * @property {Record<string, Record<string, string>>} attributes  what each is by its name, of `now` and of what is asked by name
 * @property {string[]} array  attributes and methods of arrays
 * @property {string[]} numpy  functions and constants of numpy
 * @property {string[]} builtins  functions of Python
 * @property {Record<'reward' | 'measure' | 'task_code', string>} own  the task's own reward and measure, empty texts where it has none, and the task itself
 * @property {WorkedReward[]} gallery  worked rewards for such robots
 */

/**
 * @typedef {object} CodeProblem  something that is wrong with code
 * @property {number} line  from 1
 * @property {number} column  from 1
 * @property {string} refused  what is wrong
 * @property {string} allowed  what is allowed; empty where that is no answer
 */

/**
 * @typedef {object} Change  a change of what is paid or judged by, between two iterations
 * @property {number} iteration  finished iterations at that time
 * @property {number} globalStep  environment steps at that time
 * @property {string | null} reward  code that had paid until then; null: the task itself had
 * @property {string | null} measure  code that had judged until then; null: none had
 * @property {string} failure  why it was put back to what had been before; empty: somebody wished it
 */

/**
 * @typedef {object} Decision  a line of the file
 * @property {Record<string, number>} when  how far all was by then: environment steps, seconds
 * @property {string} what  what was done, as a sentence
 * @property {Record<string, unknown>} evidence  what it was done on: plain data
 * @property {Record<string, number>} cost  what it has cost to know that: environment steps, seconds
 * @property {string} outcome  what came of it, as a sentence; empty: nothing is known yet
 * @property {string} event  what a run that adapts had noticed: the rule's name, or undo
 * @property {Record<string, unknown>} act  what it tried then: the act's name, and its numbers
 * @property {boolean | null} taken  whether the run goes on with that; null: it was not tried
 */

/**
 * @typedef {object} Course  how a run goes that changes its own course
 * @property {Decision | null} trying  what is being tried; null: nothing
 * @property {number} tried  how much of that trial is over, 0 to 1
 * @property {Decision | null} proposed  what waits for a person's yes or no; null: nothing
 * @property {number} spent  environment steps in all: those learnt, those of changes that went no further, and those of the episodes that judged
 * @property {Decision[] | null} decisions  all, where there are others than before; null: they are the same
 * @property {number[]} undoable  numbers of those decisions whose other side is kept
 * @property {string | null} experiment  what is learnt from now on, as JSON; null: the same as before
 * @property {number} heard  the wish of a person that was heard; 0: none
 * @property {string} refused  why it was not granted; empty: it was
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
 * @property {Change | null} changed  what is paid or judged by is another from now on
 * @property {Record<'reward' | 'measure', string | null> | null} code  what pays and judges then; null where nothing has changed and nobody has wished it
 * @property {string} refused  why nothing has, though it was wished: the old code is in force
 * @property {Uint8Array<ArrayBuffer> | null} checkpoint  where one was due and this rank is the root
 * @property {number} saving  seconds that the checkpoint took
 * @property {string} unpaid  what a reward could not pay in it, as a sentence; empty: all was well
 * @property {Course | null} course  of a run that changes its own course
 * @property {string[]} warnings  what people should know of a reward of their own; of who watches it
 */

/**
 * @typedef {object} Hyperparameter  a hyperparameter as a form shows it
 * @property {string} name  its name
 * @property {'int' | 'float' | 'bool' | 'str' | 'ints'} type  of its value; `ints` are several
 * @property {boolean | number | string | number[] | null} default  null: a number that may be left out
 * @property {number | null} low  least value; null: any
 * @property {number | null} high  greatest value; null: any
 * @property {number | null} most  how many numbers there may be, where there may be several
 * @property {string[] | null} choices  where it is one of some texts
 * @property {string} help  what it is
 */

/**
 * @typedef {object} Algorithm  an algorithm as a form shows it
 * @property {Hyperparameter[]} hyperparameters  in their order
 * @property {Record<string, Record<string, Record<string, boolean | number | string | number[] | null>>>} presets  values by preset and task, "*" being every task
 */

/**
 * @typedef {object} WorldTarget  what an event of a world can change, as a form shows it
 * @property {string} name  its name
 * @property {string} help  what it is, and its unit
 * @property {string | null} kind  of what it has a value each; null: the environment has one
 * @property {string[]} modes  when it may be drawn
 * @property {string[]} operations  what may be done with the number drawn
 */

/**
 * @typedef {object} Worlds  worlds as a form shows them
 * @property {WorldTarget[]} targets  in their order
 * @property {string[]} distributions  of what is drawn
 * @property {number} mostLag  steps of delay, at most
 * @property {Record<string, unknown>} terrain  one that says nothing of itself, with all that it then is, a scan included
 * @property {Record<string, Record<string, unknown>>} ready  worlds to begin with, by what they are called
 */

/**
 * @typedef {object} Threshold  a number by which a run that changes its own course acts, as a form shows it
 * @property {string} name  the rule's name and its own, or its own alone
 * @property {number | null} default  what it is where nobody says; null: without it there is no such rule
 * @property {boolean} whole  whether it is a whole number
 * @property {string} help  what it is
 */

/**
 * @typedef {object} AuthorStep  how a conversation with a language model stands
 * @property {string} system  what it begins with, whatever is asked for
 * @property {string[]} turns  what is said, by us and by the model in turns
 * @property {boolean} over  whether nothing more is to be sent
 * @property {number} returns  how often something went back
 * @property {string[]} problems  what was wrong with the newest answer
 * @property {string[]} kept  names of the candidates that have passed
 * @property {string} candidates  these, as JSON, once it is over
 * @property {string} failure  why there are none, likewise; empty: there are
 */

/**
 * @typedef {object} TournamentJob  a training of one candidate that is to be done in one worker
 * @property {number} number  its number
 * @property {number} entry  number of the candidate
 * @property {number | null} origin  number of the job whose run it goes on from; null: none
 * @property {string} order  what Python has to know of it, as JSON
 * @property {string} experiment  what is learnt, as JSON
 */

/**
 * @typedef {object} Contender  a candidate of a tournament
 * @property {number} number  its number
 * @property {string} name  what it is called
 * @property {string} why  what is paid, and why
 * @property {string} reward  its source
 * @property {Record<string, number>} weights  of its terms
 * @property {number | null} parent  number of the candidate whose policy it began with; null: none
 * @property {string} out  why it learns no longer; empty: it is in
 * @property {boolean} kept  whether somebody wants it to go on
 * @property {number | null} job  number of the job whose run speaks for it; null: there is none yet
 * @property {number} measure  of its newest judgement; NaN before the first
 * @property {number} standardError  of that
 * @property {number[]} curveSteps  environment steps of its snapshots
 * @property {number[]} curve  measures of the episodes that ended by then; NaN: none had
 * @property {string[]} warnings  what people should know of its reward
 */

/**
 * @typedef {object} TournamentStep  how a tournament stands
 * @property {string} state  all that it is, as JSON
 * @property {'author' | 'trial' | 'halving' | 'weights' | 'finish' | 'final' | 'over'} stage  what is going on
 * @property {number} round  of the stage
 * @property {boolean} over  whether there is nothing more to do
 * @property {string} ending  why it ended before all was done; empty: it did not
 * @property {number} progress  how much of the budget is used, 0 to 1
 * @property {number} secondsLeft  until the budget is used; NaN: nobody knows yet
 * @property {number} steps  environment steps that were learnt
 * @property {TournamentJob[]} jobs  that are to be done
 * @property {number[]} needed  numbers of the jobs whose runs may be wanted again
 * @property {Contender[]} contenders  all candidates, by number
 * @property {string[]} decisions  all, a sentence or two each
 * @property {number | null} best  number of the best candidate; null before anything was judged
 * @property {number | null} bestJob  number of the job whose run is the best
 * @property {number} bestMeasure  its measure
 * @property {number} bestError  standard error of that
 */

/**
 * @typedef {object} JobEnd  what came of a job
 * @property {string} result  for the tournament, as JSON
 * @property {Uint8Array<ArrayBuffer> | null} checkpoint  the run; null where the candidate failed
 */

/**
 * @typedef {object} ScenePool  scenes of which somebody picks those that move well
 * @property {string} known  what Python has to know of them, as JSON
 * @property {number[][]} sums  of the reward's terms over each scene, not weighted
 * @property {string[]} ways  how the robot of each was moved
 * @property {number[]} frames  pictures of each; the last one stays
 * @property {number} mostFrames  for how many there is room in `poses`
 * @property {number} frameSeconds  from one picture to the next
 * @property {Uint8Array<ArrayBuffer>} poses  of all bodies: position, and quaternion w, x, y, z, float32 [scenes, most_frames, nbody, 7]
 */

/**
 * @typedef {object} PicksStanding  what picks say
 * @property {string[]} terms  names of the reward's terms
 * @property {number[]} before  their weights as they are
 * @property {number[]} after  as the picks say
 * @property {number[]} errors  standard deviations of those
 * @property {number} picks  how many there are, those of earlier decisions included
 * @property {number} certainty  how sure it is which of two scenes is liked better, 0.5 to 1
 * @property {number[]} next  scenes that are to be shown next
 * @property {string} reward  with the new weights
 * @property {string} why  what the run is to tell of them, as JSON
 */

/**
 * @typedef {object} EngineFiles  muJoCo's module
 * @property {string} engine  its kind, `official`, `optimised` or `own`
 * @property {string} version  muJoCo's
 * @property {string} script  address of its bindings
 * @property {string} wasm  address of the module
 * @property {number} bytes  of the module
 */

/**
 * @typedef {object} PyodideFiles  python
 * @property {string} version  pyodide's
 * @property {string} index  address of its folder
 * @property {number} bytes  of what the page fetches itself
 */

/**
 * @typedef {object} File  a file that never changes under its address
 * @property {string} url  its address
 * @property {number} bytes  its size
 */

/**
 * @typedef {object} PageSources  sources of the page itself
 * @property {string} version  hash of all of them
 * @property {string[]} urls  their addresses
 */

/**
 * @typedef {object} TaskFile  python that registers tasks of the user's own
 * @property {string} name  of the file, for messages
 * @property {string} code  the source
 */

/**
 * @typedef {object} TrainedRun  a run that comes with the page, whose policy moves the robots of its task
 * @property {string} task  whose robots
 * @property {string} url  its address
 * @property {number} bytes  its size
 * @property {string} algorithm  by which it was learnt
 * @property {number} steps  for how many environment steps
 * @property {number} meanReturn  what its policy returned, a mean of episodes
 * @property {number} returnStd  standard deviation of those
 */

/**
 * @typedef {object} Manifest  what the server has to offer, `/manifest.json`
 * @property {string} version  of websim
 * @property {EngineFiles} mujoco  the engine
 * @property {PyodideFiles} pyodide  python
 * @property {File} image  the Python image
 * @property {File} websim  the Python package, as a zip
 * @property {Record<'plain' | 'relaxed', File>} kernels  the learning kernels
 * @property {string[]} tasks  all task ids
 * @property {TaskFile[]} taskFiles  where those come from that are not in the package
 * @property {string | null} openings  folder with an Opening of each task, if there is one
 * @property {TrainedRun[]} trained  runs that come with the page
 * @property {Record<string, Algorithm>} algorithms  by name
 * @property {Worlds} worlds  what worlds can have in them
 * @property {Threshold[]} adaptation  by which runs change their own course
 * @property {boolean} shares  whether the server keeps runs that people share
 * @property {PageSources} sources  of the page itself
 * @property {string[]} files  everything that never changes under its address
 * @property {Record<string, File[]>} libraries  what a page loads when it needs it, likewise, by name; the first of each is to be imported
 */

/**
 * @typedef {object} Experiment  the definition of a run; with the number of ranks it decides every number of it
 * @property {string} task  task id
 * @property {Record<string, unknown>} [task_options]  the task's constructor options
 * @property {string | null} [task_code]  python that registers the task, where it is one of the user's own
 * @property {RobotDocument | null} [robot]  in place of the task's own; `websim.tasks.robot.RobotTask` needs one
 * @property {string | null} [reward]  code that pays in place of the task (`websim.rewards.Reward`)
 * @property {string | null} [measure]  code that says what success is (`websim.rewards.Measure`)
 * @property {World | null} [world]  what differs from robot to robot, and disturbs them
 * @property {string} [algorithm]  a name of `websim.algorithms.ALGORITHMS`
 * @property {Record<string, unknown>} [hyperparameters]  those of the algorithm that are not its defaults
 * @property {Record<string, unknown> | null} [adaptation]  when the run changes its own course, and how (`websim.adaptation.settings.Adaptation`); None: never
 * @property {number} [seed]  of weights, environments and everything random
 * @property {string} [title]  what people call it
 * @property {string | null} [author]  who made it, if that is said
 * @property {string | null} [parent]  the sha256 of the run's file that it was made of
 * @property {Record<string, unknown>[] | null} [hands]  what hands do to the robots that learn, and when (`websim.hands.Event`)
 * @property {Simulation | null} [simulation]  where it is given, `hands` act on robots that do not learn
 * @property {string[]} [trusted]  which of CODE may be code that is not safe, and may do anything. It is somebody's word, given here and now: no document holds it
 */

/**
 * @typedef {object} Simulation  how robots were simulated that did not learn, and on which hands acted
 * @property {number} num_envs  how many there were
 * @property {number} seed  environment i was seeded with seed + i
 * @property {string} controller  what moved them, of `websim.browser.controllers.CONTROLLERS`
 * @property {number} workers  among how many they were divided, for random controllers draw by worker
 */

/**
 * @typedef {object} RobotDocument  what a document says of a robot
 * @property {string} main  path of the model among the files
 * @property {Record<string, string>} files  sha256 of each file, by path
 * @property {number | null} [floor]  height in m of a floor that is added
 */

/**
 * @typedef {object} World  what differs from environment to environment, and what disturbs it
 * @property {Terrain | null} [terrain]  the ground in place of a level floor
 * @property {EventTerm[]} [events]  in the order in which they change the model
 * @property {LevelTerm[]} [levels]  by which events are wide; what events name and is not here is as `LevelTerm` has it
 * @property {Noise | null} [observation_noise]  of what is observed, before it is delayed. Rewards know nothing of it
 * @property {[number, number] | null} [observation_delay]  least and greatest, in steps; drawn as an episode begins
 * @property {Noise | null} [action_noise]  of what the actuators are told
 * @property {[number, number] | null} [action_delay]  as that of observations
 */

/**
 * @typedef {object} EventTerm  something that is drawn anew for each environment
 * @property {'startup' | 'reset' | 'interval'} mode  when it is drawn: once, when environments are seeded; as each episode begins; or again and again in it
 * @property {string} target  what it changes: a quantity of `websim.worlds.targets.TARGETS`, or a field of the model
 * @property {'abs' | 'scale' | 'add'} operation  the number drawn takes the place of the value, or is multiplied with it or added
 * @property {[number, number]} range  least and greatest; of a gaussian, mean and standard deviation
 * @property {'uniform' | 'log_uniform' | 'gaussian'} [distribution]  of the numbers
 * @property {string[]} [names]  of the bodies, joints, geoms, tendons or actuators that it changes; none: all
 * @property {boolean} [shared_random]  one number for all of them, instead of one each
 * @property {[number, number] | null} [interval_range_s]  least and greatest time between two, in s, where the mode is interval
 * @property {string | null} [level]  name of the levels by which the range widens about what changes nothing, see `range_at`; None: all environments draw from the whole range
 */

/**
 * @typedef {object} LevelTerm  levels by which events are wide: the difficulty is the part of their range that is drawn of
 * @property {number} [levels]  from the easiest to the hardest
 * @property {[number, number]} [difficulty]  of the first and of the last, within 0 to 1; those between are evenly spaced
 * @property {'none' | 'robots' | 'progress'} [curriculum]  `none`: an environment keeps the level that it draws as it is seeded. `robots`: all begin on the first; at the end of an episode one goes up or down by what its robot achieved, and past the last to a random one (legged_gym's rule). `progress`: each episode's level is drawn, those the more often on which the most is learnt or forgotten
 * @property {string} name  as events have it
 * @property {number} [up]  of what was achieved, from which a robot goes up a level
 * @property {number} [down]  below which it goes down one
 */

/**
 * @typedef {object} Noise  noise of a signal, drawn for each of its numbers in each step
 * @property {[number, number]} range  least and greatest; of a gaussian, mean and standard deviation
 * @property {'uniform' | 'log_uniform' | 'gaussian'} [distribution]  of the numbers
 * @property {'add' | 'scale'} [operation]  they are added to the signal, or multiplied with it
 */

/**
 * @typedef {object} Terrain  ground in place of a flat floor: a column of tiles for each kind, harder row by row
 * @property {number} [levels]  rows, from the easiest to the hardest
 * @property {[number, number]} [difficulty]  of the first and of the last, within 0 to 1; those between are evenly spaced
 * @property {'none' | 'robots' | 'progress'} [curriculum]  `none`: an environment keeps the level that it draws as it is seeded. `robots`: all begin on the first; at the end of an episode one goes up or down by what its robot achieved, and past the last to a random one (legged_gym's rule). `progress`: each episode's level is drawn, those the more often on which the most is learnt or forgotten
 * @property {number} [seed]  of the ground, which is the same for all environments
 * @property {string[]} [kinds]  of the columns, names of `websim.worlds.tiles.KINDS`; one may come several times
 * @property {number} [tile]  metres that a tile measures, a whole number of resolutions
 * @property {number} [platform]  metres of flat ground in its middle, where robots begin
 * @property {number} [resolution]  metres between two heights. Fine ground costs time: MuJoCo looks at each prism of it under a geom
 * @property {number} [speed]  what is asked in m/s, for as long as an episode may last, where levels follow robots: who has got further than half a tile goes up, who has got less than half of what was asked goes down
 * @property {Scan | null} [scan]  heights around the robot that are observed; None: none are
 */

/**
 * @typedef {object} Scan  heights around a robot that it observes, on a grid that turns with its heading
 * @property {[number, number]} [size]  metres that the grid measures ahead and to the side
 * @property {number} [spacing]  metres between its points
 */

export {};
