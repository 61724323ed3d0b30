// Four floats at a time: loads and stores of parts, fused multiply-add, exp and tanh.
#pragma once

#include <wasm_simd128.h>

#define EXPORT __attribute__((visibility("default"), used))
#define INLINE static inline __attribute__((always_inline))

typedef v128_t f32x4;

// Floats, rounded up to cache lines: vectors that lie across two of them cost half the speed.
INLINE int whole_lines(int floats) { return (floats + 15) & ~15; }

INLINE f32x4 splat(float x) { return wasm_f32x4_splat(x); }
INLINE f32x4 add(f32x4 a, f32x4 b) { return wasm_f32x4_add(a, b); }
INLINE f32x4 sub(f32x4 a, f32x4 b) { return wasm_f32x4_sub(a, b); }
INLINE f32x4 mul(f32x4 a, f32x4 b) { return wasm_f32x4_mul(a, b); }

// a * b + c. Relaxed SIMD rounds once or twice, as the machine likes: not reproducible.
INLINE f32x4 fma(f32x4 a, f32x4 b, f32x4 c) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_relaxed_madd(a, b, c);
#else
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

// The first `count` of four floats, zeros after them. Needs no alignment.
INLINE f32x4 load(const float *p, int count) {
  if (count >= 4) return wasm_v128_load(p);
  f32x4 v = wasm_v128_load32_zero(p);
  if (count > 1) v = wasm_v128_load32_lane(p + 1, v, 1);
  if (count > 2) v = wasm_v128_load32_lane(p + 2, v, 2);
  return v;
}

INLINE void store(float *p, f32x4 v, int count) {
  if (count >= 4) {
    wasm_v128_store(p, v);
    return;
  }
  wasm_v128_store32_lane(p, v, 0);
  if (count > 1) wasm_v128_store32_lane(p + 1, v, 1);
  if (count > 2) wasm_v128_store32_lane(p + 2, v, 2);
}

INLINE float sum(f32x4 v) {
  return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
         (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
}

// Into [low, high]; NaN stays NaN, so that it is seen at the end.
INLINE f32x4 clamp(f32x4 x, float low, float high) {
  return wasm_f32x4_pmin(wasm_f32x4_pmax(x, splat(low)), splat(high));
}

// x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its series. Beyond [-87, 88] the result stays at the end.
INLINE f32x4 exp4(f32x4 x) {
  x = clamp(x, -87.0f, 88.0f);
  // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits.
  const f32x4 magic = splat(12582912.0f);
  f32x4 shifted = add(mul(x, splat(1.44269504f)), magic);
  f32x4 n = sub(shifted, magic);
  // ln 2 in two parts, of which the first times n is exact.
  f32x4 r = add(x, mul(n, splat(-0.693359375f)));
  r = fma(n, splat(2.12194440e-4f), r);
  f32x4 p = splat(1.0f / 720);
  p = fma(p, r, splat(1.0f / 120));
  p = fma(p, r, splat(1.0f / 24));
  p = fma(p, r, splat(1.0f / 6));
  p = fma(p, r, splat(0.5f));
  p = fma(p, r, splat(1.0f));
  p = fma(p, r, splat(1.0f));
  f32x4 power = wasm_i32x4_shl(wasm_i32x4_add(shifted, wasm_i32x4_splat(127)), 23);
  return mul(p, power);
}

// x P(x^2) / Q(x^2), fitted to tanh on [0, 8] for the least greatest relative error (7e-9; 4e-7 with
// rounding, and never above 1).
INLINE f32x4 tanh4(f32x4 x) {
  x = clamp(x, -8.0f, 8.0f);
  f32x4 y = mul(x, x);
  f32x4 p = splat(1.52300793e-8f);
  p = fma(p, y, splat(2.18944422e-5f));
  p = fma(p, y, splat(3.57158544e-3f));
  p = fma(p, y, splat(1.34444876e-1f));
  p = fma(p, y, splat(9.99999994e-1f));
  f32x4 q = splat(8.52231593e-7f);
  q = fma(q, y, splat(3.41127094e-4f));
  q = fma(q, y, splat(2.61643957e-2f));
  q = fma(q, y, splat(4.67778149e-1f));
  q = fma(q, y, splat(1.0f));
  return wasm_f32x4_div(mul(x, p), q);
}

// By exp, not tanh: SILU multiplies what is left of it at -10 by 10.
INLINE f32x4 sigmoid4(f32x4 x) {
  const f32x4 one = splat(1.0f);
  return wasm_f32x4_div(one, add(one, exp4(wasm_f32x4_neg(x))));
}
