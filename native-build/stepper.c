// Steps, resets and looks at environments of a batch on CPython, without Python between two of them.
// physics/stepper.py has the same structures for ctypes.
#include <mujoco/mujoco.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

// Of the MuJoCo that the process has loaded already.
typedef struct {
  __typeof__(&mj_setState) set_state;
  __typeof__(&mj_getState) get_state;
  __typeof__(&mj_resetData) reset_data;
  __typeof__(&mj_forward) forward;
  __typeof__(&mj_step) step;
  __typeof__(&mj_rnePostConstraint) post_constraint; // NULL: nobody reads what it fills
  __typeof__(&mj_setConst) set_const;
  __typeof__(&mj_kinematics) kinematics;
  __typeof__(&mj_comPos) com_pos;
  __typeof__(&mj_comVel) com_vel;
  __typeof__(&mj_fwdPosition) fwd_position;
  __typeof__(&mj_jac) jac;
  __typeof__(&mj_solveM) solve_m;
  __typeof__(&mjv_applyPerturbForce) apply_perturb_force;
} Functions;

// An array of MjData, and where a batch keeps it.
typedef struct {
  const double *data;
  double *batch; // [n, size]
  size_t size;
} Field;

// A part of a state, and where a batch keeps it.
typedef struct {
  double *batch; // [n, size]
  size_t size;
} Element;

// A field of MjModel that differs by environment, and where a batch keeps it.
typedef struct {
  double *model;
  double *batch; // [n, size]
  size_t size;
} Parameter;

// A spring from a point of a body to a place; physics/__init__.py says more. No mass: none.
typedef struct {
  double body, mass, point[3], target[3], anchor[3];
} Pull;

// What a thread steps with.
typedef struct {
  mjModel *model; // its own where there are parameters
  const Parameter *parameters;
  size_t num_parameters;
  mjData *data;
  double *state; // as mj_setState takes it: the elements one after the other
  int *warnings[3]; // counters of MjData that tell of a bad state
  const Field *fields;
  size_t num_fields;
  char error[2048]; // what MuJoCo said when it gave up
} Lane;

typedef struct {
  Functions mujoco;
  const Element *elements; // of a state, in MuJoCo's order
  size_t num_elements;
  int signature; // of such a state
  unsigned char *bad; // [n]
  const Pull *pulls;  // [n]
} Batch;

typedef enum { STEP, FORWARD, RESET, CONSTANTS, GRASP } Kind;

// What is to be done with `count` environments of a batch.
typedef struct {
  Kind kind;
  int nstep;                 // STEP; 0 for the others
  const double *qpos, *qvel; // RESET: [count, nq], [count, nv]
  int body;                  // GRASP
  const double *point;       // GRASP: [3], of the body
  double *grasped;           // GRASP: [count, 7]: mass, and where the point and the centre of mass are
  const intptr_t *indices;   // [count]; NULL: the first ones
  size_t count;
  size_t block;              // how many a thread takes at once
  atomic_size_t next;        // the first that no thread has taken yet
} Job;

// By which Python sees that it was built from a source like its own.
EXPORT const size_t layout[] = {sizeof(Batch), sizeof(Job), sizeof(Lane)};

// Where single numbers lie in MjModel: opt.density, opt.viscosity and stat.meaninertia.
EXPORT const size_t numbers[] = {
    offsetof(mjModel, opt) + offsetof(mjOption, density),
    offsetof(mjModel, opt) + offsetof(mjOption, viscosity),
    offsetof(mjModel, stat) + offsetof(mjStatistic, meaninertia),
};

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

// As MuJoCo's viewer pulls, beside what acts on the body anyway.
static void pull(const Functions *mujoco, const mjModel *model, mjData *data, const Pull *one,
                 const double *besides) {
  mjvPerturb perturb = {.select = (int)one->body, .active = mjPERT_TRANSLATE, .localmass = one->mass};
  memcpy(perturb.localpos, one->point, sizeof perturb.localpos);
  memcpy(perturb.refselpos, one->target, sizeof perturb.refselpos);
  mujoco->apply_perturb_force(model, data, &perturb);
  for (int k = 0; k < 6; k++) data->xfrc_applied[6 * perturb.select + k] += besides[k];
}

// The mass that a pull has to move, as MuJoCo's viewer reckons it (mjv_initPerturb), and places.
static void grasp(const Functions *mujoco, const mjModel *model, mjData *data, const Job *job,
                  double *out) {
  mujoco->fwd_position(model, data);
  const double *pos = data->xpos + 3 * job->body, *mat = data->xmat + 9 * job->body;
  double *where = out + 1, inverse = 0;
  for (int r = 0; r < 3; r++) {
    where[r] = pos[r];
    for (int c = 0; c < 3; c++) where[r] += mat[3 * r + c] * job->point[c];
  }
  memcpy(out + 4, data->xipos + 3 * job->body, 3 * sizeof(double));
  double *jac = malloc((size_t)(4 * model->nv + 1) * sizeof(double)), *solved = jac + 3 * model->nv;
  mujoco->jac(model, data, jac, NULL, where, job->body);
  for (int r = 0; r < 3; r++) {
    const double *row = jac + r * model->nv;
    mujoco->solve_m(model, data, solved, row, 1);
    for (int v = 0; v < model->nv; v++) inverse += row[v] * solved[v];
  }
  out[0] = inverse > mjMINVAL ? 3 / inverse : 0;
  free(jac);
}

static void run_one(Batch *batch, const Job *job, Lane *lane, size_t k) {
  const Functions *mujoco = &batch->mujoco;
  mjModel *model = lane->model;
  mjData *data = lane->data;
  size_t i = job->indices ? (size_t)job->indices[k] : k;
  for (size_t n = 0; n < lane->num_parameters; n++) {
    const Parameter *one = lane->parameters + n;
    memcpy(one->model, one->batch + i * one->size, one->size * sizeof(double));
  }
  if (job->kind == CONSTANTS) {
    mujoco->reset_data(model, data); // mocap bodies are where MjData has them
    mujoco->set_const(model, data);
    for (size_t n = 0; n < lane->num_parameters; n++) {
      const Parameter *one = lane->parameters + n;
      memcpy(one->batch + i * one->size, one->model, one->size * sizeof(double));
    }
    return;
  }
  if (job->kind == RESET) {
    mujoco->reset_data(model, data);
    memcpy(data->qpos, job->qpos + k * model->nq, model->nq * sizeof(double));
    memcpy(data->qvel, job->qvel + k * model->nv, model->nv * sizeof(double));
    mujoco->forward(model, data);
  } else {
    double *part = lane->state;
    for (size_t n = 0; n < batch->num_elements; n++) {
      const Element *element = batch->elements + n;
      memcpy(part, element->batch + i * element->size, element->size * sizeof(double));
      part += element->size;
    }
    mujoco->set_state(model, data, lane->state, batch->signature);
    if (job->kind == GRASP) {
      grasp(mujoco, model, data, job, job->grasped + 7 * k);
      return;
    }
    if (job->kind == FORWARD) mujoco->forward(model, data);
    const Pull *one = job->nstep && batch->pulls[i].mass ? batch->pulls + i : NULL;
    double besides[6] = {0};
    if (one) { // what the state before left behind is of another environment
      mujoco->kinematics(model, data);
      mujoco->com_pos(model, data);
      mujoco->com_vel(model, data);
      memcpy(besides, data->xfrc_applied + 6 * (int)one->body, sizeof besides);
    }
    for (int n = 0; n < job->nstep; n++) {
      if (one) pull(mujoco, model, data, one, besides);
      mujoco->step(model, data);
    }
    if (mujoco->post_constraint) mujoco->post_constraint(model, data);
  }
  for (size_t n = 0; n < sizeof lane->warnings / sizeof *lane->warnings; n++) {
    if (*lane->warnings[n]) batch->bad[i] = 1;
    *lane->warnings[n] = 0;
  }
  mujoco->get_state(model, data, lane->state, batch->signature);
  const double *part = lane->state;
  for (size_t n = 0; n < batch->num_elements; n++) {
    const Element *element = batch->elements + n;
    memcpy(element->batch + i * element->size, part, element->size * sizeof(double));
    part += element->size;
  }
  for (size_t n = 0; n < lane->num_fields; n++) {
    const Field *field = lane->fields + n;
    memcpy(field->batch + i * field->size, field->data, field->size * sizeof(double));
  }
}

// Does what the job still has to give; several threads may take from it, each with a lane of its
// own. Returns 0, or 1 where lane->error has MuJoCo's error.
EXPORT int run_job(Batch *batch, Job *job, Lane *lane) {
  if (setjmp(way_out)) {
    running = NULL;
    return 1;
  }
  running = lane;
  size_t first;
  while ((first = atomic_fetch_add(&job->next, job->block)) < job->count) {
    size_t end = first + job->block < job->count ? first + job->block : job->count;
    for (size_t k = first; k < end; k++) run_one(batch, job, lane, k);
  }
  running = NULL;
  return 0;
}
