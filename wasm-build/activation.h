// Bias and activation of a layer. The numbers are those of ACTIVATIONS in kernels/reference.py.
#pragma once

enum { IDENTITY, TANH, RELU, ELU, SILU };

// out [m, n] = activation(x + bias); out may be x
void bias_activation(const float *x, const float *bias, int activation, float *out, int m, int n);
// writes grad_x [m, n], which may be grad_out; adds to grad_bias [n]. Only SILU reads x and bias.
void bias_activation_backward(const float *x, const float *bias, const float *out,
                              const float *grad_out, int activation, float *grad_x,
                              float *grad_bias, int m, int n);
