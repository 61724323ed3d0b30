// Native side of bench/engines.mjs: bench MODEL.xml STEPS SEED prints microseconds of processor time
// per mj_step, in the second of two equal runs. With the library of PyPI's wheel:
//   cc -O3 bench/engines.c -o BENCH -I$M/include -L$M -l:libmujoco.so.3.14.0 -Wl,-rpath,$M -lm
// where M is the folder of Python's package mujoco.
#define _POSIX_C_SOURCE 200809L
#include <mujoco/mujoco.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e6 + now.tv_nsec * 1e-3;
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "bench MODEL.xml STEPS SEED\n");
    return 2;
  }
  char error[1024] = "";
  mjModel* m = mj_loadXML(argv[1], NULL, error, sizeof(error));
  if (!m) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  mjData* d = mj_makeData(m);
  int steps = atoi(argv[2]);
  double elapsed = 0;
  for (int run = 0; run < 2; run++) {
    mj_resetData(m, d);
    uint32_t random = atoi(argv[3]);
    double start = microseconds();
    for (int i = 0; i < steps; i++) {
      if (i % 5 == 0) {
        for (int j = 0; j < m->nu; j++) {
          random = random * 1664525u + 1013904223u;
          d->ctrl[j] = (int32_t)random / 2147483648.0 * 0.4;
        }
      }
      mj_step(m, d);
    }
    elapsed = microseconds() - start;
  }
  printf("%.4f\n", elapsed / steps);
  mj_deleteData(d);
  mj_deleteModel(m);
  return 0;
}
