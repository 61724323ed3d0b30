// Softmax of each row, and its gradient.
#include "vector.h"

EXPORT void softmax(const float *x, float *out, int m, int n) {
  for (int i = 0; i < m; i++, x += n, out += n) {
    float greatest = x[0];
    for (int j = 1; j < n; j++) greatest = x[j] > greatest ? x[j] : greatest;
    float total = 0;
    for (int j = 0; j < n; j += 4) {
      f32x4 e = exp4(sub(load(x + j, n - j), splat(greatest)));
      store(out + j, e, n - j);
      for (int c = j; c < n && c < j + 4; c++) total += out[c];
    }
    f32x4 scale = splat(1 / total);
    for (int j = 0; j < n; j += 4) store(out + j, mul(load(out + j, n - j), scale), n - j);
  }
}

EXPORT void softmax_backward(const float *out, const float *grad_out, float *grad_x, int m, int n) {
  for (int i = 0; i < m; i++, out += n, grad_out += n, grad_x += n) {
    f32x4 along = splat(0);
    for (int j = 0; j < n; j += 4) {
      along = fma(load(out + j, n - j), load(grad_out + j, n - j), along);
    }
    f32x4 mean = splat(sum(along));
    for (int j = 0; j < n; j += 4) {
      f32x4 grad = mul(load(out + j, n - j), sub(load(grad_out + j, n - j), mean));
      store(grad_x + j, grad, n - j);
    }
  }
}
