// A multilayer perceptron, forward and backward, block by block.
#include "mlp.h"

#include "activation.h"
#include "matmul.h"
#include "vector.h"

int mlp_params(const Mlp *net) {
  int size = 0;
  for (int l = 0; l < net->layers; l++) size += (net->widths[l] + 1) * net->widths[l + 1];
  return size;
}

// Each layer keeps what goes into its activation, which only SILU needs, and what comes out.
int mlp_kept(const Mlp *net) {
  int size = 0;
  for (int l = 1; l <= net->layers; l++) size += 2 * BLOCK * net->widths[l];
  return size;
}

int mlp_transposed_size(const Mlp *net) {
  int size = 0;
  for (int l = 1; l < net->layers; l++) size += net->widths[l] * net->widths[l + 1];
  return whole_lines(size);
}

int mlp_widest(const Mlp *net) {
  int widest = 0;
  for (int l = 1; l <= net->layers; l++) {
    if (net->widths[l] > widest) widest = net->widths[l];
  }
  return widest;
}

void mlp_transpose(const Mlp *net, const float *params, float *transposed) {
  for (int l = 0; l < net->layers; l++) {
    int rows = net->widths[l], columns = net->widths[l + 1];
    if (l > 0) {
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) *transposed++ = params[i * columns + j];
      }
    }
    params += (rows + 1) * columns;
  }
}

float *mlp_forward(const Mlp *net, const float *params, const float *x, int rows, float *kept) {
  float *out = 0;
  for (int l = 0; l < net->layers; l++) {
    int in = net->widths[l], width = net->widths[l + 1];
    int activation = l == net->layers - 1 ? IDENTITY : net->activation;
    const float *bias = params + in * width;
    out = kept + BLOCK * width;
    float *before = activation == SILU ? kept : out;
    matmul(x, params, before, rows, width, in, 0);
    bias_activation(before, bias, activation, out, rows, width);
    x = out;
    params = bias + width;
    kept += 2 * BLOCK * width;
  }
  return out;
}

void mlp_backward(const Mlp *net, const float *params, const float *transposed, float *grads,
                  const float *x, int rows, const float *kept, float *grad, float *other) {
  params += mlp_params(net);
  grads += mlp_params(net);
  for (int l = 1; l < net->layers; l++) transposed += net->widths[l] * net->widths[l + 1];
  kept += mlp_kept(net);
  for (int l = net->layers - 1; l >= 0; l--) {
    int in = net->widths[l], width = net->widths[l + 1];
    int activation = l == net->layers - 1 ? IDENTITY : net->activation;
    params -= (in + 1) * width;
    grads -= (in + 1) * width;
    kept -= 2 * BLOCK * width;
    const float *below = l ? kept - BLOCK * in : x;
    bias_activation_backward(kept, params + in * width, kept + BLOCK * width, grad, activation,
                             grad, grads + in * width, rows, width);
    matmul_at(below, grad, grads, in, width, rows, 1);
    if (l > 0) {
      transposed -= in * width;
      matmul(grad, transposed, other, rows, in, width, 0);
      float *swap = grad;
      grad = other;
      other = swap;
    }
  }
}

EXPORT int infer_workspace(const int *widths, int layers) {
  Mlp net = {widths, layers, IDENTITY};
  return mlp_kept(&net);
}

// out [n, last width] of x [n, first width]
EXPORT void infer(const int *widths, int layers, int activation, const float *params,
                  const float *x, int n, float *out, float *workspace) {
  Mlp net = {widths, layers, activation};
  int in = widths[0], width = widths[layers];
  for (int first = 0; first < n; first += BLOCK) {
    int rows = n - first < BLOCK ? n - first : BLOCK;
    const float *values = mlp_forward(&net, params, x + first * in, rows, workspace);
    for (int i = 0; i < rows * width; i += 4) {
      store(out + first * width + i, load(values + i, rows * width - i), rows * width - i);
    }
  }
}
