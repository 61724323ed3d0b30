// Adam (Kingma and Ba 2015), and the norm that gradients are clipped by.
#include "vector.h"

// rate: learning rate over 1 - beta1^step; root_scale: 1 / sqrt(1 - beta2^step)
EXPORT void adam(float *params, const float *grads, float *m, float *v, int size, float rate,
                 float beta1, float beta2, float root_scale, float eps) {
  const f32x4 new1 = splat(1 - beta1), new2 = splat(1 - beta2);
  for (int i = 0; i < size; i += 4) {
    int left = size - i;
    f32x4 grad = load(grads + i, left), mean = load(m + i, left), square = load(v + i, left);
    mean = fma(new1, sub(grad, mean), mean);
    square = fma(new2, sub(mul(grad, grad), square), square);
    f32x4 root = fma(wasm_f32x4_sqrt(square), splat(root_scale), splat(eps));
    f32x4 change = wasm_f32x4_div(mul(splat(rate), mean), root);
    store(m + i, mean, left);
    store(v + i, square, left);
    store(params + i, sub(load(params + i, left), change), left);
  }
}

EXPORT double sum_of_squares(const float *flat, int size) {
  v128_t low = wasm_f64x2_splat(0), high = low;
  for (int i = 0; i < size; i += 4) {
    f32x4 x = load(flat + i, size - i);
    v128_t a = wasm_f64x2_promote_low_f32x4(x);
    v128_t b = wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(x, x, 2, 3, 2, 3));
    low = wasm_f64x2_add(low, wasm_f64x2_mul(a, a));
    high = wasm_f64x2_add(high, wasm_f64x2_mul(b, b));
  }
  v128_t all = wasm_f64x2_add(low, high);
  return wasm_f64x2_extract_lane(all, 0) + wasm_f64x2_extract_lane(all, 1);
}
