// PPO's loss (Schulman et al. 2017) of a Gaussian actor and a critic, with its gradient: forward and
// backward in one go, block by block.
#include "mlp.h"
#include "vector.h"

static const float HALF_LOG_2PI = 0.918938533f;

typedef struct {
  float clip_coef, ent_coef, vf_coef;
  int clip_vloss;
} Coefficients;

typedef struct {  // sums over the minibatch, in the order of kernels/wasm.py
  double policy_loss, value_loss, entropy, approx_kl, old_approx_kl, clipfrac;
} Sums;

INLINE float exp1(float x) { return wasm_f32x4_extract_lane(exp4(splat(x)), 0); }
INLINE float max1(float a, float b) { return a < b ? b : a; }
INLINE float clip1(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
INLINE float abs1(float x) { return __builtin_fabsf(x); }

// Overwrites the means [size] by the gradient of the loss; adds to that of the log deviations.
INLINE void policy_row(float *mean, const float *action, const float *inv_std, float log_scale,
                       int size, float logprob, float advantage, float clip_coef, float inv_n,
                       float *grad_logstd, Sums *sums) {
  f32x4 squares = splat(0);
  for (int j = 0; j < size; j += 4) {
    int left = size - j;
    f32x4 away = sub(load(action + j, left), load(mean + j, left));
    f32x4 scaled = mul(away, load(inv_std + j, left));
    store(mean + j, scaled, left);
    squares = fma(scaled, scaled, squares);
  }
  float logratio = log_scale - 0.5f * sum(squares) - logprob;
  float ratio = exp1(logratio);
  float unclipped = -advantage * ratio;
  float clipped = -advantage * clip1(ratio, 1 - clip_coef, 1 + clip_coef);
  f32x4 grad = splat(unclipped < clipped ? 0 : unclipped * inv_n);
  for (int j = 0; j < size; j += 4) {
    int left = size - j;
    f32x4 scaled = load(mean + j, left), there = load(grad_logstd + j, left);
    store(mean + j, mul(grad, mul(scaled, load(inv_std + j, left))), left);
    store(grad_logstd + j, fma(grad, sub(mul(scaled, scaled), splat(1)), there), left);
  }
  sums->policy_loss += max1(unclipped, clipped);
  sums->approx_kl += ratio - 1 - logratio;
  sums->old_approx_kl -= logratio;
  sums->clipfrac += abs1(ratio - 1) > clip_coef;
}

// The gradient of the loss by one value.
INLINE float value_row(float value, float old, float target, const Coefficients *by, float inv_n,
                       Sums *sums) {
  float error = value - target, change = value - old;
  float clipped = old + clip1(change, -by->clip_coef, by->clip_coef) - target;
  float grad = error, loss = error * error;
  if (by->clip_vloss && loss < clipped * clipped) {
    loss = clipped * clipped;
    grad = abs1(change) <= by->clip_coef ? clipped : 0;
  }
  sums->value_loss += 0.5 * loss;
  return grad * by->vf_coef * inv_n;
}

EXPORT int ppo_workspace(const int *actor_widths, const int *critic_widths, int layers) {
  Mlp actor = {actor_widths, layers, 0}, critic = {critic_widths, layers, 0};
  int kept_a = mlp_kept(&actor), kept_c = mlp_kept(&critic);
  int wide_a = mlp_widest(&actor), wide_c = mlp_widest(&critic);
  return whole_lines(actor_widths[layers]) + mlp_transposed_size(&actor) + mlp_transposed_size(&critic) +
         (kept_a > kept_c ? kept_a : kept_c) + 2 * BLOCK * (wide_a > wide_c ? wide_a : wide_c);
}

// params and grads: the actor's layers, log standard deviations, the critic's layers.
EXPORT void ppo_loss_and_gradient(const int *actor_widths, const int *critic_widths, int layers,
                                  int activation, const float *params, float *grads,
                                  const float *observations, const float *actions,
                                  const float *logprobs, const float *advantages,
                                  const float *returns, const float *values, int n,
                                  float clip_coef, float ent_coef, float vf_coef, int clip_vloss,
                                  float *workspace, Sums *sums) {
  Mlp actor = {actor_widths, layers, activation}, critic = {critic_widths, layers, activation};
  Coefficients by = {clip_coef, ent_coef, vf_coef, clip_vloss};
  int in = actor_widths[0], size = actor_widths[layers];
  int logstd_at = mlp_params(&actor), critic_at = logstd_at + size;
  int all = critic_at + mlp_params(&critic);
  const float *logstd = params + logstd_at;
  float inv_n = n ? 1.0f / n : 0;

  float *inv_std = workspace;
  float *actor_transposed = inv_std + whole_lines(size);
  float *critic_transposed = actor_transposed + mlp_transposed_size(&actor);
  float *grad = critic_transposed + mlp_transposed_size(&critic);
  int wide_a = mlp_widest(&actor), wide_c = mlp_widest(&critic);
  float *other = grad + BLOCK * (wide_a > wide_c ? wide_a : wide_c);
  float *kept = other + (other - grad);
  mlp_transpose(&actor, params, actor_transposed);
  mlp_transpose(&critic, params + critic_at, critic_transposed);

  *sums = (Sums){0};
  for (int i = 0; i < all; i += 4) store(grads + i, splat(0), all - i);
  float log_scale = 0;
  for (int j = 0; j < size; j++) {
    inv_std[j] = exp1(-logstd[j]);
    log_scale -= logstd[j] + HALF_LOG_2PI;
    sums->entropy += logstd[j] + 0.5f + HALF_LOG_2PI;
  }

  for (int first = 0; first < n; first += BLOCK) {
    int rows = n - first < BLOCK ? n - first : BLOCK;
    const float *x = observations + first * in;

    const float *mean = mlp_forward(&actor, params, x, rows, kept);
    for (int i = 0; i < rows * size; i += 4) {
      store(grad + i, load(mean + i, rows * size - i), rows * size - i);
    }
    for (int i = 0; i < rows; i++) {
      int row = first + i;
      policy_row(grad + i * size, actions + row * size, inv_std, log_scale, size, logprobs[row],
                 advantages[row], clip_coef, inv_n, grads + logstd_at, sums);
    }
    mlp_backward(&actor, params, actor_transposed, grads, x, rows, kept, grad, other);

    const float *value = mlp_forward(&critic, params + critic_at, x, rows, kept);
    for (int i = 0; i < rows; i++) {
      int row = first + i;
      grad[i] = value_row(value[i], values[row], returns[row], &by, inv_n, sums);
    }
    mlp_backward(&critic, params + critic_at, critic_transposed, grads + critic_at, x, rows, kept,
                 grad, other);
  }
  for (int j = 0; j < size; j++) grads[logstd_at + j] -= ent_coef;
}
