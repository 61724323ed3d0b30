/**
 * Numbers that Python and JavaScript share, as `websim` declares them. Made by
 * `python -m websim_server.build.messages`; a test compares.
 */

/** A term of a greater share of all that is paid is warned of. */
export const DOMINANT_SHARE = 0.9;

/** That learn in a tournament at first. */
export const MAX_CANDIDATES = 64;

/** By which a candidate is judged. */
export const MAX_JUDGING_EPISODES = 1000;

/** What of an experiment is Python. */
export const CODE = ["reward", "measure", "task_code"];

/** Of the files of a robot of one's own together. */
export const MAX_ROBOT_BYTES = 67108864;

/** How many they may be. */
export const MAX_ROBOT_FILES = 4096;

/** Of a run's file that is opened in the page, unpacked. */
export const MAX_RUN_BYTES = 268435456;

/** What a rank hands to the others at once, in bytes. */
export const RANK_SLOT_BYTES = 1048576;

/** Runs are judged by the mean return of so many. */
export const RECENT_EPISODES = 100;
