// Matrix products, rows of floats without gaps; added to `out` if `accumulate`.
#pragma once

// out [m, n] = a [m, k] b [k, n]
void matmul(const float *a, const float *b, float *out, int m, int n, int k, int accumulate);
// out [m, n] = a^T b, a [k, m], b [k, n]
void matmul_at(const float *a, const float *b, float *out, int m, int n, int k, int accumulate);
// out [m, n] = a b^T, a [m, k], b [n, k]
void matmul_bt(const float *a, const float *b, float *out, int m, int n, int k, int accumulate);
