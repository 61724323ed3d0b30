// Layer normalisation (Ba, Kiros and Hinton 2016), and its gradient.
#include "vector.h"

EXPORT void layer_norm(const float *x, const float *gain, const float *bias, float eps, float *out,
                       float *scaled, float *inv_std, int m, int n) {
  for (int i = 0; i < m; i++, x += n, out += n, scaled += n) {
    f32x4 total = splat(0);
    for (int j = 0; j < n; j += 4) total = add(total, load(x + j, n - j));
    f32x4 mean = splat(sum(total) / n);
    float squares = 0;
    for (int j = 0; j < n; j += 4) {
      store(scaled + j, sub(load(x + j, n - j), mean), n - j);
      f32x4 centred = load(scaled + j, n - j);  // zeros beyond the end again
      squares += sum(mul(centred, centred));
    }
    inv_std[i] = 1 / __builtin_sqrtf(squares / n + eps);
    f32x4 scale = splat(inv_std[i]);
    for (int j = 0; j < n; j += 4) {
      f32x4 s = mul(load(scaled + j, n - j), scale);
      store(scaled + j, s, n - j);
      store(out + j, fma(s, load(gain + j, n - j), load(bias + j, n - j)), n - j);
    }
  }
}

EXPORT void layer_norm_backward(const float *scaled, const float *inv_std, const float *gain,
                                const float *grad_out, float *grad_x, float *grad_gain,
                                float *grad_bias, int m, int n) {
  for (int i = 0; i < m; i++, scaled += n, grad_out += n, grad_x += n) {
    f32x4 total = splat(0), along = splat(0);
    for (int j = 0; j < n; j += 4) {
      int left = n - j;
      f32x4 grad = load(grad_out + j, left), s = load(scaled + j, left);
      store(grad_gain + j, fma(grad, s, load(grad_gain + j, left)), left);
      store(grad_bias + j, add(load(grad_bias + j, left), grad), left);
      f32x4 inner = mul(grad, load(gain + j, left));
      total = add(total, inner);
      along = fma(inner, s, along);
    }
    f32x4 mean = splat(sum(total) / n), mean_along = splat(sum(along) / n);
    for (int j = 0; j < n; j += 4) {
      int left = n - j;
      f32x4 inner = mul(load(grad_out + j, left), load(gain + j, left));
      inner = sub(sub(inner, mean), mul(load(scaled + j, left), mean_along));
      store(grad_x + j, mul(inner, splat(inv_std[i])), left);
    }
  }
}
