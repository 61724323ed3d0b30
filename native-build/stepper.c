// Steps environments of a batch on CPython, without Python, or its lock, between two of them.
// physics/stepper.py has the same structures for ctypes.
#include <mujoco/mujoco.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

// Of the MuJoCo that the process has loaded already.
typedef struct {
  __typeof__(&mj_setState) set_state;
  __typeof__(&mj_getState) get_state;
  __typeof__(&mj_step) step;
  __typeof__(&mj_rnePostConstraint) post_constraint; // NULL: nobody reads what it fills
} Functions;

// An array of MjData, and where a batch keeps it.
typedef struct {
  const double *data;
  double *batch; // [n, size]
  size_t size;
} Field;

// What a thread steps with.
typedef struct {
  mjData *data;
  int *warnings[3]; // counters of MjData that tell of a bad state
  const Field *fields;
  size_t num_fields;
  char error[2048]; // what MuJoCo said when it gave up
} Lane;

typedef struct {
  Functions mujoco;
  const mjModel *model;
  double *states; // [n, state_size]: mj_setState's, controls among them
  size_t state_size;
  int signature;
  unsigned char *bad; // [n]
  size_t num_envs;
  atomic_size_t next; // the first environment that no thread has taken yet
} Batch;

static _Thread_local Lane *running;
static _Thread_local jmp_buf way_out;
static mjfLogHandler others;

// MuJoCo ends the process after an error unless somebody jumps out of it.
static void log_message(const mjLogMessage *message) {
  if (running && message->level == mjLOG_ERROR) {
    snprintf(running->error, sizeof running->error, "%s%s%s", message->subject,
             message->body ? "\n" : "", message->body ? message->body : "");
    longjmp(way_out, 1);
  }
  others(message);
}

EXPORT void catch_errors(__typeof__(&mju_setLogHandler) set_log_handler) {
  mjfLogHandler before = set_log_handler(log_message);
  if (before != log_message) others = before;
}

static void step_one(Batch *batch, Lane *lane, size_t i, int nstep) {
  const Functions *mujoco = &batch->mujoco;
  double *state = batch->states + i * batch->state_size;
  mujoco->set_state(batch->model, lane->data, state, batch->signature);
  for (int k = 0; k < nstep; k++) mujoco->step(batch->model, lane->data);
  for (size_t k = 0; k < sizeof lane->warnings / sizeof *lane->warnings; k++) {
    if (*lane->warnings[k]) batch->bad[i] = 1;
    *lane->warnings[k] = 0;
  }
  if (mujoco->post_constraint) mujoco->post_constraint(batch->model, lane->data);
  mujoco->get_state(batch->model, lane->data, state, batch->signature);
  for (size_t k = 0; k < lane->num_fields; k++) {
    const Field *field = lane->fields + k;
    memcpy(field->batch + i * field->size, field->data, field->size * sizeof(double));
  }
}

// Steps what the batch still has to give, `block` environments at a time; several threads may take
// from it, each with a lane of its own. Returns 0, or 1 where lane->error has MuJoCo's error.
EXPORT int step_batch(Batch *batch, Lane *lane, int nstep, size_t block) {
  if (setjmp(way_out)) {
    running = NULL;
    return 1;
  }
  running = lane;
  size_t first;
  while ((first = atomic_fetch_add(&batch->next, block)) < batch->num_envs) {
    size_t end = first + block < batch->num_envs ? first + block : batch->num_envs;
    for (size_t i = first; i < end; i++) step_one(batch, lane, i, nstep);
  }
  running = NULL;
  return 0;
}
