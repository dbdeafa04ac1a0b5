// Template, compiled by kernels.c once per precision and instruction set, which defines:
//   REAL the scalar, LANES its number in one vector register, TILE rows of the register tile,
//   PANEL columns of a packed panel, TARGET the function attribute, NAME(x) the decorated name,
//   SINGLE where REAL is float.

typedef REAL NAME(V) __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL))));

#ifdef SINGLE
typedef int NAME(I) __attribute__((vector_size(LANES * sizeof(int)), aligned(sizeof(int))));
typedef double NAME(D) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));
#define V NAME(V)
#define I NAME(I)

TARGET static inline V NAME(all)(float x) { return (V){} + x; }
TARGET static inline V NAME(choose)(I mask, V a, V b) {
  return (V)(((I)a & mask) | ((I)b & ~mask));
}
TARGET static inline V NAME(clamp)(V x, float low, float high) {
  // A NaN fails both comparisons and passes through.
  x = NAME(choose)(x < NAME(all)(low), NAME(all)(low), x);
  return NAME(choose)(x > NAME(all)(high), NAME(all)(high), x);
}

// tanh: rational minimax approximation of degree 13/6 (as in Eigen's ptanh); error 4.2e-7.
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

// exp: Cephes' expf; relative error 2e-7, saturating at the ends of the range of normal numbers.
TARGET static inline V NAME(exp)(V x) {
  // The conversion of NaN to an integer is not defined; callers put the NaN back.
  x = NAME(clamp)(NAME(choose)(x == x, x, NAME(all)(0.0f)), -87.0f, 88.0f);
  I n = __builtin_convertvector(x * 1.44269504088896341f + NAME(choose)(x < 0.0f, NAME(all)(-0.5f), NAME(all)(0.5f)), I);
  V f = __builtin_convertvector(n, V);
  V r = x - f * 0.693359375f;
  r = r - f * -2.12194440e-4f;
  V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  V y = p * (r * r) + r + 1.0f;
  return y * (V)((n + 127) << 23);
}

// log for normal positive arguments: Cephes' logf; relative error 2e-7.
TARGET static inline V NAME(log)(V x) {
  I bits = (I)x;
  I exponent = ((bits >> 23) & 255) - 126;
  V m = (V)((bits & 0x007fffff) | 0x3f000000);  // in [1/2, 1)
  I small = m < 0.70710678118654752f;
  m = m + NAME(choose)(small, m, NAME(all)(0.0f)) - 1.0f;
  V e = __builtin_convertvector(exponent + small, V);  // a true comparison is -1
  V z = m * m;
  V p = m * 7.0376836292e-2f + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  V y = p * m * z + e * -2.12194440e-4f - z * 0.5f;
  return m + y + e * 0.693359375f;
}

TARGET static inline V NAME(magnitude)(V x) { return (V)((I)x & 0x7fffffff); }

TARGET static inline V NAME(logistic)(V x) {
  V e = NAME(exp)(-NAME(magnitude)(x));
  V r = 1.0f / (1.0f + e);
  r = NAME(choose)(x < 0.0f, e * r, r);
  return NAME(choose)(x != x, x, r);
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), the latter corrected for the rounding of 1 + e.
TARGET static inline V NAME(softplus)(V x) {
  V e = NAME(exp)(-NAME(magnitude)(x));
  V u = 1.0f + e;
  V l = NAME(log)(u) + (e - (u - 1.0f)) / u;
  V r = NAME(choose)(x > 0.0f, x, NAME(all)(0.0f)) + l;
  return NAME(choose)(x != x, x, r);
}

// erf: rational minimax approximation of degree 13/8 (as in Eigen's generic erf); error 5e-7.
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
    // Beyond erf's clamp the error would grow with |x|.
    return NAME(choose)(x < -5.65685425f, NAME(all)(0.0f), 0.5f * x * (1.0f + NAME(erf)(x * 0.70710678118654752f)));
  case ckernels_softplus: return NAME(softplus)(x);
  case ckernels_logistic: return NAME(logistic)(x);
  default: return x;
  }
}

// f'(input), from the input or the output, whichever is cheaper.
TARGET static inline V NAME(slope)(V input, V output, int activation) {
  switch (activation) {
  case ckernels_tanh: return 1.0f - output * output;
  case ckernels_relu: return NAME(choose)(input > 0.0f, NAME(all)(1.0f), NAME(all)(0.0f));
  case ckernels_gelu:
    return 0.5f * (1.0f + NAME(erf)(input * 0.70710678118654752f)) +
           input * 0.39894228040143268f * NAME(exp)(-0.5f * input * input);
  case ckernels_softplus: return NAME(logistic)(input);
  case ckernels_logistic: return output * (1.0f - output);
  default: return NAME(all)(1.0f);
  }
}

// Whole vectors, or a zero-padded tail of `left` < LANES elements.
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

TARGET static void NAME(activate)(float *values, ptrdiff_t count, int activation) {
  for (ptrdiff_t i = 0; i < count; i += LANES)
    NAME(store)(values + i, count - i, NAME(apply)(NAME(load)(values + i, count - i), activation));
}

TARGET static void NAME(activation_gradient)(const float *input, const float *output, float *gradient,
                                             ptrdiff_t count, int activation) {
  for (ptrdiff_t i = 0; i < count; i += LANES) {
    ptrdiff_t left = count - i;
    V s = NAME(slope)(NAME(load)(input + i, left), NAME(load)(output + i, left), activation);
    NAME(store)(gradient + i, left, s * NAME(load)(gradient + i, left));
  }
}

TARGET static double NAME(bernoulli)(const float *logits, const float *targets, ptrdiff_t count,
                                     float scale, float *gradient) {
  NAME(D) sum = {};
  double tail = 0;
  for (ptrdiff_t i = 0; i < count; i += LANES) {
    ptrdiff_t left = count - i;
    V l = NAME(load)(logits + i, left), x = NAME(load)(targets + i, left);
    V loss = NAME(softplus)(l) - x * l;
    if (left >= LANES)
      sum += __builtin_convertvector(loss, NAME(D));
    else
      for (ptrdiff_t j = 0; j < left; j++) tail += (double)loss[j];
    if (gradient) NAME(store)(gradient + i, left, scale * (NAME(logistic)(l) - x));
  }
  for (int j = 0; j < LANES; j++) tail += sum[j];
  return tail;
}

TARGET static ptrdiff_t NAME(candidates)(const float *products, const float *norms, ptrdiff_t count,
                                         float threshold, int *found) {
  ptrdiff_t number = 0, i = 0;
  for (; i + LANES <= count; i += LANES) {
    I hit = *(const V *)(norms + i) - 2.0f * *(const V *)(products + i) <= NAME(all)(threshold);
    if (__builtin_reduce_or(hit))
      for (int j = 0; j < LANES; j++)
        if (hit[j]) found[number++] = (int)(i + j);
  }
  for (; i < count; i++)
    if (norms[i] - 2.0f * products[i] <= threshold) found[number++] = (int)i;
  return number;
}
TARGET static float NAME(smallest_score)(const float *products, const float *norms, ptrdiff_t count) {
  float smallest = __builtin_inff();
  V least = NAME(all)(smallest);
  ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    V score = *(const V *)(norms + i) - 2.0f * *(const V *)(products + i);
    least = NAME(choose)(score < least, score, least);
  }
  for (; i < count; i++) {
    float score = norms[i] - 2.0f * products[i];
    if (score < smallest) smallest = score;
  }
  for (int j = 0; j < LANES; j++)
    if (least[j] < smallest) smallest = least[j];
  return smallest;
}
#undef I
#else
#define V NAME(V)
#endif  // SINGLE

TARGET static void NAME(adam)(REAL *parameters, const REAL *gradient, REAL *first, REAL *second,
                              ptrdiff_t count, REAL rate, REAL second_correction, REAL beta1,
                              REAL beta2, REAL epsilon) {
  for (ptrdiff_t i = 0; i < count; i++) {
    REAL g = gradient[i];
    REAL m = first[i] = beta1 * first[i] + (1 - beta1) * g;
    REAL v = second[i] = beta2 * second[i] + (1 - beta2) * g * g;
#ifdef SINGLE
    parameters[i] -= rate * m / (__builtin_sqrtf(v) * second_correction + epsilon);
#else
    parameters[i] -= rate * m / (__builtin_sqrt(v) * second_correction + epsilon);
#endif
  }
}

// The register tile: TILE rows times two vectors, accumulated over `inner` in a fixed order: chunks of
// CHUNK terms are summed by themselves, for rounding errors grow with the length of a sum.
TARGET static inline __attribute__((always_inline)) void
NAME(tile)(const REAL *x, ptrdiff_t inner, ptrdiff_t x_stride, const REAL *w, const REAL *bias, REAL *y,
           ptrdiff_t y_stride, int activation) {
  V b0 = *(const V *)bias, b1 = *(const V *)(bias + LANES);
  ptrdiff_t first = 0;
  do {
    ptrdiff_t end = first + CHUNK < inner ? first + CHUNK : inner;
    V sum[TILE][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < TILE; r++) sum[r][0] = sum[r][1] = (V){};
    const ptrdiff_t length = end - first;
    const REAL *xc = x + first, *wc = w + first * PANEL;
    for (ptrdiff_t k = 0; k < length; k++) {
      V w0 = *(const V *)(wc + k * PANEL), w1 = *(const V *)(wc + k * PANEL + LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < TILE; r++) {
        V xr = (V){} + xc[r * x_stride + k];
        sum[r][0] += xr * w0;
        sum[r][1] += xr * w1;
      }
    }
    // The outputs themselves hold the sum of the chunks so far.
#pragma clang loop unroll(full)
    for (int r = 0; r < TILE; r++) {
      V *y0 = (V *)(y + r * y_stride), *y1 = (V *)(y + r * y_stride + LANES);
      V s0 = sum[r][0] + (first == 0 ? b0 : *y0), s1 = sum[r][1] + (first == 0 ? b1 : *y1);
#ifdef SINGLE
      *y0 = end == inner ? NAME(apply)(s0, activation) : s0;
      *y1 = end == inner ? NAME(apply)(s1, activation) : s1;
#else
      *y0 = s0;
      *y1 = s1;
#endif
    }
    first = end;
  } while (first < inner);
}

TARGET static void NAME(dense)(const REAL *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                               const REAL *packed, const REAL *bias, ptrdiff_t columns, REAL *y,
                               ptrdiff_t y_stride, int activation) {
  for (ptrdiff_t panel = 0; panel < columns; panel += PANEL)
    for (ptrdiff_t part = 0; part < PANEL; part += 2 * LANES) {
      const REAL *w = packed + panel * inner + part;
      const REAL *b = bias + panel + part;
      for (ptrdiff_t r = 0; r < rows; r += TILE) {
        const REAL *xr = x + r * x_stride;
        REAL *yr = y + r * y_stride + panel + part;
#ifdef SINGLE
        // One copy of the tile per activation, so that the choice is outside its loops.
        switch (activation) {
        case ckernels_tanh: NAME(tile)(xr, inner, x_stride, w, b, yr, y_stride, ckernels_tanh); break;
        case ckernels_relu: NAME(tile)(xr, inner, x_stride, w, b, yr, y_stride, ckernels_relu); break;
        case ckernels_logistic: NAME(tile)(xr, inner, x_stride, w, b, yr, y_stride, ckernels_logistic); break;
        case ckernels_identity: NAME(tile)(xr, inner, x_stride, w, b, yr, y_stride, ckernels_identity); break;
        default: NAME(tile)(xr, inner, x_stride, w, b, yr, y_stride, activation);
        }
#else
        NAME(tile)(xr, inner, x_stride, w, b, yr, y_stride, activation);
#endif
      }
    }
#ifndef SINGLE
  for (ptrdiff_t r = 0; r < rows; r++) ckernels_activate_double(y + r * y_stride, columns, activation);
#endif
}
#undef V
