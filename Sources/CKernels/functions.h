// Part of lanes.h: elementary functions of vectors, and a layer's activation.

#ifdef SINGLE
TARGET static inline V NAME(all)(float x) { return x - (V){}; }
TARGET static inline V NAME(choose)(I mask, V a, V b) {
  return (V)(((I)a & mask) | ((I)b & ~mask));
}
TARGET static inline V NAME(clamp)(V x, float low, float high) {
  // A NaN fails both comparisons and passes through.
  x = NAME(choose)(x < NAME(all)(low), NAME(all)(low), x);
  return NAME(choose)(x > NAME(all)(high), NAME(all)(high), x);
}

// tanh: rational minimax approximation of degree 13/6 (as in Eigen's ptanh). The error is at most 4.2e-7.
TARGET static inline V NAME(tanh)(V x) {
  x = NAME(clamp)(x, -7.90531110763549805f, 7.90531110763549805f);
  V s = x * x;
  V p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
  p = s * p + -8.60467152213735e-11f;
  p = s * p + 5.12229709037114e-08f;
  p = s * p + 1.48572235717979e-05f;
  p = s * p + 6.37261928875436e-04f;
  p = s * p + 4.89352455891786e-03f;
  V q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
  q = s * q + 2.26843463243900e-03f;
  q = s * q + 4.89352518554385e-03f;
  return x * p / q;
}

// exp: Cephes' expf. The relative error is at most 2e-7. Results saturate at the ends of the range of normal
// numbers, and NaN remains NaN.
TARGET static inline V NAME(exp)(V x) {
  x = NAME(clamp)(x, -87.0f, 88.0f);
  V k = x * 1.44269504088896341f + 0x1.8p23f;  // the nearest integer is in the low bits
  V f = k - 0x1.8p23f;
  V r = x - f * 0.693359375f;
  r = r - f * -2.12194440e-4f;
  V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  V y = p * (r * r) + r + 1.0f;
  return y * (V)(((I)k << 23) + (127 << 23));
}

// log(1 + e) for 0 <= e <= 1: Cephes' logf of 1 + e or of half of it. The relative error is at most 2e-7.
TARGET static inline V NAME(log1p)(V e) {
  I large = e > 0.41421356f;
  V n = NAME(choose)(large, NAME(all)(1.0f), NAME(all)(0.0f));
  V m = NAME(choose)(large, 0.5f * e - 0.5f, e);
  V z = m * m;
  V p = m * 7.0376836292e-2f + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  V y = p * m * z + n * -2.12194440e-4f - z * 0.5f;
  return m + y + n * 0.693359375f;
}

// e^-|x|, from which logistic and softplus of x follow.
TARGET static inline V NAME(decay)(V x) { return NAME(exp)((V)((I)x | (int)0x80000000)); }
TARGET static inline V NAME(logistic_by)(V x, V e) {
  return NAME(choose)(x < 0.0f, e, NAME(all)(1.0f)) / (1.0f + e);
}
// max(x, 0) + log(1 + e^-|x|)
TARGET static inline V NAME(softplus_by)(V x, V e) {
  return NAME(choose)(x > 0.0f, x, NAME(all)(0.0f)) + NAME(log1p)(e);
}
TARGET static inline V NAME(logistic)(V x) { return NAME(logistic_by)(x, NAME(decay)(x)); }
TARGET static inline V NAME(softplus)(V x) { return NAME(softplus_by)(x, NAME(decay)(x)); }

// erf: rational minimax approximation of degree 13/8 (as in Eigen's generic erf). The error is at most 5e-7.
TARGET static inline V NAME(erf)(V x) {
  x = NAME(clamp)(x, -4.0f, 4.0f);
  V s = x * x;
  V p = s * -2.72614225801306e-10f + 2.77068142495902e-08f;
  p = s * p + -2.10102402082508e-06f;
  p = s * p + -5.69250639462346e-05f;
  p = s * p + -7.34990630326855e-04f;
  p = s * p + -2.95459980854025e-03f;
  p = s * p + -1.60960333262415e-02f;
  V q = s * -1.45660718464996e-05f + -2.13374055278905e-04f;
  q = s * q + -1.68282697438203e-03f;
  q = s * q + -7.37332916720468e-03f;
  q = s * q + -1.42647390514189e-02f;
  return x * p / q;
}

TARGET static inline V NAME(apply)(V x, int activation) {
  switch (activation) {
  case ckernels_tanh: return NAME(tanh)(x);
  case ckernels_relu: return NAME(choose)(x < 0.0f, NAME(all)(0.0f), x);
  case ckernels_gelu:
    // Below -4 sqrt(2), where erf's argument is clamped, the error would grow with |x|.
    return NAME(choose)(x < -5.65685425f, NAME(all)(0.0f), 0.5f * x * (1.0f + NAME(erf)(x * 0.70710678118654752f)));
  case ckernels_softplus: return NAME(softplus)(x);
  case ckernels_logistic: return NAME(logistic)(x);
  default: return x;
  }
}

// Loads and stores a whole vector or, if `left` < LANES, a tail of `left` elements. A loaded tail is padded with
// zeros.
TARGET static inline V NAME(load)(const float *p, ptrdiff_t left) {
  if (left >= LANES) return *(const V *)p;
  V v = {};
  memcpy(&v, p, (size_t)left * sizeof(float));
  return v;
}
TARGET static inline void NAME(store)(float *p, ptrdiff_t left, V v) {
  if (left >= LANES)
    *(V *)p = v;
  else
    memcpy(p, &v, (size_t)left * sizeof(float));
}

TARGET static inline __attribute__((always_inline)) void
NAME(activate_by)(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, int activation) {
  for (; rows > 0; rows--, values += stride)
    for (ptrdiff_t i = 0; i < count; i += LANES)
      NAME(store)(values + i, count - i, NAME(apply)(NAME(load)(values + i, count - i), activation));
}
TARGET static void NAME(activate)(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                  int activation) {
  // There is one copy per function, so that the choice is made outside the loops.
#define BY(a) case a: NAME(activate_by)(values, rows, count, stride, a); break;
  switch (activation) {
    BY(ckernels_tanh) BY(ckernels_relu) BY(ckernels_gelu) BY(ckernels_softplus) BY(ckernels_logistic)
  }
#undef BY
}
#else
TARGET static inline V NAME(all)(double x) { return x - (V){}; }
TARGET static inline V NAME(choose)(I mask, V a, V b) {
  return (V)(((I)a & mask) | ((I)b & ~mask));
}

// e^x = scale (1 + p) for |x| <= 708, where p is the series of e^r - 1 up to r^14 / 14!, and |r| <= ln(2) / 2. The
// error is below one ulp. The argument is reduced as by Cody and Waite, with ln 2 in two parts.
TARGET static inline V NAME(exp_parts)(V x, V *scale) {
  V k = x * 1.4426950408889634 + 0x1.8p52;  // the nearest integer is in the low bits
  V n = k - 0x1.8p52;
  V r = x - n * 0x1.62e42fefa38p-1;
  r = r - n * 0x1.ef35793c7673p-45;
  *scale = (V)(((I)k << 52) + (1023LL << 52));
  V p = r * (1 / 87178291200.0) + 1 / 6227020800.0;
  p = p * r + 1 / 479001600.0;
  p = p * r + 1 / 39916800.0;
  p = p * r + 1 / 3628800.0;
  p = p * r + 1 / 362880.0;
  p = p * r + 1 / 40320.0;
  p = p * r + 1 / 5040.0;
  p = p * r + 1 / 720.0;
  p = p * r + 1 / 120.0;
  p = p * r + 1 / 24.0;
  p = p * r + 1 / 6.0;
  p = p * r + 0.5;
  return p * r * r + r;
}

// (e^2x - 1) / (e^2x + 1) without cancellation. The error is below 3 ulp.
TARGET static inline V NAME(tanh)(V x) {
  V size = (V)((I)x & 0x7fffffffffffffffLL), scale;
  V y = NAME(choose)(size > 20.0, NAME(all)(40.0), 2 * size);
  V p = NAME(exp_parts)(y, &scale);
  V m = scale * p + (scale - 1);
  V t = m / (m + 2);
  t = (V)((I)t | ((I)x & (I)NAME(all)(-0.0)));
  return NAME(choose)(x != x, x, t);
}

// 1 / (1 + e^-x) without overflow. Below -708, where it is less than 4e-308, it is 0. The error is below 3 ulp.
TARGET static inline V NAME(logistic)(V x) {
  V size = (V)((I)x & 0x7fffffffffffffffLL), scale;
  V p = NAME(exp_parts)(-NAME(choose)(size > 708.0, NAME(all)(708.0), size), &scale);
  V e = NAME(choose)(size > 708.0, NAME(all)(0.0), scale * p + scale);
  V r = NAME(choose)(x < 0.0, e, NAME(all)(1.0)) / (1 + e);
  return NAME(choose)(x != x, x, r);
}

TARGET static inline V NAME(activation)(V x, int activation) {
  return activation == ckernels_tanh ? NAME(tanh)(x) : NAME(logistic)(x);
}

TARGET static void NAME(activate)(double *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                  int activation) {
  const int is_fast = activation == ckernels_tanh || activation == ckernels_logistic;
  if (activation == ckernels_identity) return;
  for (ptrdiff_t r = 0; r < rows; r++) {
    double *v = values + r * stride;
    ptrdiff_t i = 0;
    for (; is_fast && i + LANES <= count; i += LANES)
      *(V *)(v + i) = NAME(activation)(*(const V *)(v + i), activation);
    V rest = {};
    for (ptrdiff_t j = i; is_fast && j < count; j++) rest[j - i] = v[j];
    if (is_fast && i < count) rest = NAME(activation)(rest, activation);
    for (; i < count; i++) v[i] = is_fast ? rest[i % LANES] : apply(v[i], activation);
  }
}
#endif  // SINGLE
