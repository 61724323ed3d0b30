// One step of an LSTM, and its gradient. Gates in the order input, forget, candidate, output.
#include "matmul.h"
#include "vector.h"

// x [m, n], h and c [m, k], weight_x [n, 4 k], weight_h [k, 4 k], bias [4 k], gates [m, 4 k]
EXPORT void lstm_cell(const float *x, const float *h, const float *c, const float *weight_x,
                      const float *weight_h, const float *bias, float *gates, float *h_out,
                      float *c_out, int m, int n, int k) {
  matmul(x, weight_x, gates, m, 4 * k, n, 0);
  matmul(h, weight_h, gates, m, 4 * k, k, 1);
  for (int row = 0; row < m; row++, gates += 4 * k, c += k, h_out += k, c_out += k) {
    for (int j = 0; j < k; j += 4) {
      int left = k - j;
      f32x4 gate[4];
      for (int which = 0; which < 4; which++) {
        int at = which * k + j;
        f32x4 z = add(load(gates + at, left), load(bias + at, left));
        gate[which] = which == 2 ? tanh4(z) : sigmoid4(z);
        store(gates + at, gate[which], left);
      }
      f32x4 cell = fma(gate[1], load(c + j, left), mul(gate[0], gate[2]));
      store(c_out + j, cell, left);
      store(h_out + j, mul(gate[3], tanh4(cell)), left);
    }
  }
}

// Overwrites gates by the gradient of their inputs; adds to the gradients of weights and bias.
EXPORT void lstm_cell_backward(const float *x, const float *h, const float *c,
                               const float *weight_x, const float *weight_h, float *gates,
                               const float *c_out, const float *grad_h_out,
                               const float *grad_c_out, float *grad_x, float *grad_h, float *grad_c,
                               float *grad_weight_x, float *grad_weight_h, float *grad_bias, int m,
                               int n, int k) {
  const f32x4 one = splat(1);
  for (int row = 0; row < m; row++) {
    float *g = gates + row * 4 * k;
    for (int j = 0; j < k; j += 4) {
      int left = k - j, at = row * k + j;
      f32x4 input = load(g + j, left), forget = load(g + k + j, left);
      f32x4 candidate = load(g + 2 * k + j, left), output = load(g + 3 * k + j, left);
      f32x4 t = tanh4(load(c_out + at, left)), grad_h_here = load(grad_h_out + at, left);
      f32x4 through = mul(mul(grad_h_here, output), sub(one, mul(t, t)));
      f32x4 grad_cell = add(load(grad_c_out + at, left), through);
      f32x4 grad[4] = {
          mul(mul(grad_cell, candidate), mul(input, sub(one, input))),
          mul(mul(grad_cell, load(c + at, left)), mul(forget, sub(one, forget))),
          mul(mul(grad_cell, input), sub(one, mul(candidate, candidate))),
          mul(mul(grad_h_here, t), mul(output, sub(one, output))),
      };
      for (int which = 0; which < 4; which++) {
        float *bias = grad_bias + which * k + j;
        store(g + which * k + j, grad[which], left);
        store(bias, add(load(bias, left), grad[which]), left);
      }
      store(grad_c + at, mul(grad_cell, forget), left);
    }
  }
  matmul_bt(gates, weight_x, grad_x, m, n, 4 * k, 0);
  matmul_bt(gates, weight_h, grad_h, m, k, 4 * k, 0);
  matmul_at(x, gates, grad_weight_x, n, 4 * k, m, 1);
  matmul_at(h, gates, grad_weight_h, k, 4 * k, m, 1);
}
