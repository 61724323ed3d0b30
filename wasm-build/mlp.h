// A multilayer perceptron over a block of rows. `widths` [layers + 1]; `params` holds for each layer
// its weight [in, out] and bias [out]. The last layer has no activation.
#pragma once

enum { BLOCK = 48 };  // rows that go through a network at once: all their values stay in the cache

typedef struct {
  const int *widths;
  int layers;
  int activation;
} Mlp;

int mlp_params(const Mlp *net);
// Floats that forward keeps of a block, for backward.
int mlp_kept(const Mlp *net);
// Floats of the transposed weights of all layers but the first, and then up to a cache line's end.
int mlp_transposed_size(const Mlp *net);
int mlp_widest(const Mlp *net);

void mlp_transpose(const Mlp *net, const float *params, float *transposed);
// Gives the last layer's values [rows, out], inside of `kept`.
float *mlp_forward(const Mlp *net, const float *params, const float *x, int rows, float *kept);
// Adds to `grads`, given the gradient [rows, out] of the last layer's values, which is overwritten;
// grad and other have room for BLOCK rows of the widest layer.
void mlp_backward(const Mlp *net, const float *params, const float *transposed, float *grads,
                  const float *x, int rows, const float *kept, float *grad, float *other);
