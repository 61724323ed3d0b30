// Matrix products by tiles of 6 rows and 8 columns, which stay in registers while k runs.
#include "matmul.h"

#include "vector.h"

enum { ROWS = 6, COLUMNS = 8, DEPTH = 256 };

// One tile over `depth` of k. An element (i, p) of a lies at a[i * a_row + p * a_column].
INLINE void tile(int rows, const float *a, long a_row, long a_column, const float *b, long b_row,
                 int depth, float *out, long out_row, int add_to_out) {
  f32x4 left[ROWS], right[ROWS];
  for (int i = 0; i < rows; i++) {
    left[i] = add_to_out ? wasm_v128_load(out + i * out_row) : splat(0);
    right[i] = add_to_out ? wasm_v128_load(out + i * out_row + 4) : splat(0);
  }
#pragma clang loop unroll_count(4)
  for (int p = 0; p < depth; p++) {
    f32x4 b0 = wasm_v128_load(b + p * b_row), b1 = wasm_v128_load(b + p * b_row + 4);
    for (int i = 0; i < rows; i++) {
      f32x4 x = wasm_v128_load32_splat(a + i * a_row + p * a_column);
      left[i] = fma(x, b0, left[i]);
      right[i] = fma(x, b1, right[i]);
    }
  }
  for (int i = 0; i < rows; i++) {
    wasm_v128_store(out + i * out_row, left[i]);
    wasm_v128_store(out + i * out_row + 4, right[i]);
  }
}

// Tiles with fewer columns work on a copy that is padded.
INLINE void part_of_tile(int rows, const float *a, long a_row, long a_column, const float *b,
                         int depth, float *out, long out_row, int columns, int add_to_out) {
  float whole[ROWS * COLUMNS];
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < COLUMNS; j += 4) {
      int left = columns - j;
      f32x4 v = add_to_out && left > 0 ? load(out + i * out_row + j, left) : splat(0);
      wasm_v128_store(whole + i * COLUMNS + j, v);
    }
  }
  tile(rows, a, a_row, a_column, b, COLUMNS, depth, whole, COLUMNS, 1);
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j += 4) {
      store(out + i * out_row + j, wasm_v128_load(whole + i * COLUMNS + j), columns - j);
    }
  }
}

// All rows of one panel of at most 8 columns.
INLINE void panel(int m, const float *a, long a_row, long a_column, const float *b, long b_row,
                  int depth, float *out, long out_row, int columns, int add_to_out) {
#define TILE(rows)                                                                            \
  if (columns == COLUMNS)                                                                     \
    tile(rows, a + i * a_row, a_row, a_column, b, b_row, depth, out + i * out_row, out_row,   \
         add_to_out);                                                                         \
  else                                                                                        \
    part_of_tile(rows, a + i * a_row, a_row, a_column, b, depth, out + i * out_row, out_row,  \
                 columns, add_to_out);
  int i = 0;
  for (; i + ROWS <= m; i += ROWS) {
    TILE(ROWS)
  }
  for (; i + 3 <= m; i += 3) {
    TILE(3)
  }
  for (; i < m; i++) {
    TILE(1)
  }
#undef TILE
}

INLINE void product(const float *a, long a_row, long a_column, const float *b, long b_row,
                    long b_column, float *out, int m, int n, int k, int accumulate) {
  float packed[DEPTH * COLUMNS];
  int p = 0;
  do {  // once even if k is 0: the product is zero then
    int depth = k - p < DEPTH ? k - p : DEPTH;
    int add_to_out = accumulate || p > 0;
    for (int j = 0; j < n; j += COLUMNS) {
      int columns = n - j < COLUMNS ? n - j : COLUMNS;
      const float *part = b + p * b_row + j * b_column;
      long part_row = b_row;
      if (b_column != 1 || columns < COLUMNS) {
        for (int q = 0; q < depth; q++) {
          for (int c = 0; c < COLUMNS; c++) {
            packed[q * COLUMNS + c] = c < columns ? part[q * b_row + c * b_column] : 0;
          }
        }
        part = packed;
        part_row = COLUMNS;
      }
      panel(m, a + p * a_column, a_row, a_column, part, part_row, depth, out + j, n, columns,
            add_to_out);
    }
    p += depth;
  } while (p < k);
}

EXPORT void matmul(const float *a, const float *b, float *out, int m, int n, int k,
                   int accumulate) {
  product(a, k, 1, b, n, 1, out, m, n, k, accumulate);
}

EXPORT void matmul_at(const float *a, const float *b, float *out, int m, int n, int k,
                      int accumulate) {
  product(a, 1, m, b, n, 1, out, m, n, k, accumulate);
}

EXPORT void matmul_bt(const float *a, const float *b, float *out, int m, int n, int k,
                      int accumulate) {
  product(a, k, 1, b, 1, k, out, m, n, k, accumulate);
}
