// Bias and activation of a layer, and their gradient.
#include "activation.h"

#include "vector.h"

INLINE f32x4 activate(int activation, f32x4 z) {
  const f32x4 zero = splat(0);
  switch (activation) {
    case TANH: return tanh4(z);
    case RELU: return wasm_f32x4_pmax(z, zero);
    case ELU: return wasm_v128_bitselect(z, sub(exp4(z), splat(1)), wasm_f32x4_gt(z, zero));
    case SILU: return mul(z, sigmoid4(z));
    default: return z;
  }
}

INLINE f32x4 slope(int activation, f32x4 z, f32x4 out) {
  const f32x4 zero = splat(0), one = splat(1);
  switch (activation) {
    case TANH: return sub(one, mul(out, out));
    case RELU: return wasm_v128_and(one, wasm_f32x4_gt(out, zero));
    case ELU: return wasm_v128_bitselect(one, add(out, one), wasm_f32x4_gt(out, zero));
    case SILU: {
      f32x4 s = sigmoid4(z);
      return fma(out, sub(one, s), s);
    }
    default: return one;
  }
}

INLINE void forward(const float *x, const float *bias, int activation, float *out, int m, int n) {
  for (int i = 0; i < m; i++, x += n, out += n) {
    for (int j = 0; j < n; j += 4) {
      f32x4 z = add(load(x + j, n - j), load(bias + j, n - j));
      store(out + j, activate(activation, z), n - j);
    }
  }
}

INLINE void backward(const float *x, const float *bias, const float *out, const float *grad_out,
                     int activation, float *grad_x, float *grad_bias, int m, int n) {
  for (int i = 0; i < m; i++, x += n, out += n, grad_out += n, grad_x += n) {
    for (int j = 0; j < n; j += 4) {
      int left = n - j;
      f32x4 z = splat(0);
      if (activation == SILU) z = add(load(x + j, left), load(bias + j, left));
      f32x4 grad = mul(load(grad_out + j, left), slope(activation, z, load(out + j, left)));
      store(grad_x + j, grad, left);
      store(grad_bias + j, add(load(grad_bias + j, left), grad), left);
    }
  }
}

// One loop is compiled for each activation.
#define FOR_EACH(call)          \
  switch (activation) {         \
    case TANH: call(TANH);      \
    case RELU: call(RELU);      \
    case ELU: call(ELU);        \
    case SILU: call(SILU);      \
    default: call(IDENTITY);    \
  }

EXPORT void bias_activation(const float *x, const float *bias, int activation, float *out, int m,
                            int n) {
#define CALL(which) return forward(x, bias, which, out, m, n)
  FOR_EACH(CALL)
#undef CALL
}

EXPORT void bias_activation_backward(const float *x, const float *bias, const float *out,
                                     const float *grad_out, int activation, float *grad_x,
                                     float *grad_bias, int m, int n) {
#define CALL(which) return backward(x, bias, out, grad_out, which, grad_x, grad_bias, m, n)
  FOR_EACH(CALL)
#undef CALL
}
