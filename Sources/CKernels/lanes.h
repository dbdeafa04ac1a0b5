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

TARGET static inline V NAME(all)(float x) { return x - (V){}; }
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

TARGET static inline __attribute__((always_inline)) void
NAME(activate_by)(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, int activation) {
  for (; rows > 0; rows--, values += stride)
    for (ptrdiff_t i = 0; i < count; i += LANES)
      NAME(store)(values + i, count - i, NAME(apply)(NAME(load)(values + i, count - i), activation));
}
TARGET static void NAME(activate)(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                  int activation) {
  // One copy per function, so that the choice is outside the loops.
#define BY(a) case a: NAME(activate_by)(values, rows, count, stride, a); break;
  switch (activation) {
    BY(ckernels_tanh) BY(ckernels_relu) BY(ckernels_gelu) BY(ckernels_softplus) BY(ckernels_logistic)
  }
#undef BY
}

TARGET static inline __attribute__((always_inline)) void
NAME(gradient_by)(const float *input, const float *output, float *gradient, ptrdiff_t rows, ptrdiff_t count,
                  ptrdiff_t stride, int activation) {
  for (; rows > 0; rows--, input += stride, output += stride, gradient += stride)
    for (ptrdiff_t i = 0; i < count; i += LANES) {
      ptrdiff_t left = count - i;
      V s = NAME(slope)(NAME(load)(input + i, left), NAME(load)(output + i, left), activation);
      NAME(store)(gradient + i, left, s * NAME(load)(gradient + i, left));
    }
}
TARGET static void NAME(activation_gradient)(const float *input, const float *output, float *gradient,
                                             ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                             int activation) {
#define BY(a) case a: NAME(gradient_by)(input, output, gradient, rows, count, stride, a); break;
  switch (activation) {
    BY(ckernels_tanh) BY(ckernels_relu) BY(ckernels_gelu) BY(ckernels_softplus) BY(ckernels_logistic)
  }
#undef BY
}

TARGET static double NAME(bernoulli)(const float *logits, ptrdiff_t stride, const float *targets,
                                     ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, float scale,
                                     float *gradient) {
  NAME(D) sum = {};
  double tail = 0;
  for (ptrdiff_t r = 0; r < rows; r++, logits += stride, targets += target_stride)
    for (ptrdiff_t i = 0; i < count; i += LANES) {
      ptrdiff_t left = count - i;
      V l = NAME(load)(logits + i, left), x = NAME(load)(targets + i, left);
      V loss = NAME(softplus)(l) - x * l;
      if (left >= LANES)
        sum += __builtin_convertvector(loss, NAME(D));
      else
        for (ptrdiff_t j = 0; j < left; j++) tail += (double)loss[j];
      if (gradient) NAME(store)(gradient + r * stride + i, left, scale * (NAME(logistic)(l) - x));
    }
  for (int j = 0; j < LANES; j++) tail += sum[j];
  return tail;
}

// See ckernels_bucket_minima. The scores leave registers only as minima.
TARGET static void NAME(bucket_minima)(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                                       const float *packed, const float *bias, ptrdiff_t columns,
                                       float *minima, ptrdiff_t stride) {
  enum { chunk = ckernels_bucket_chunk, buckets = ckernels_buckets };
  const ptrdiff_t chunks = GROUP / ((ptrdiff_t)sizeof(float) * chunk * inner);
  const ptrdiff_t group = chunks > 1 ? chunks * chunk : chunk;
  for (ptrdiff_t left = 0; left < columns; left += group) {
    const ptrdiff_t right = left + group < columns ? left + group : columns;
    for (ptrdiff_t row = 0; row < rows; row += TILE)
      for (ptrdiff_t first = left; first < right; first += chunk) {
        V least[TILE][buckets / LANES];
        for (int r = 0; r < TILE; r++)
          for (int j = 0; j < buckets / LANES; j++) least[r][j] = NAME(all)(__builtin_inff());
        for (ptrdiff_t c = first; c < first + chunk; c += 2 * LANES) {
          const float *xk = x + row * x_stride, *w = packed + c / PANEL * PANEL * inner + c % PANEL;
          V sum[TILE][2];
#pragma clang loop unroll(full)
          for (int r = 0; r < TILE; r++) sum[r][0] = sum[r][1] = (V){};
          for (ptrdiff_t k = 0; k < inner; k++, w += PANEL) {
            __builtin_prefetch(w + NEAR * PANEL, 0, 3);
            __builtin_prefetch(w + NEAR * PANEL + LANES, 0, 3);
            V w0 = *(const V *)w, w1 = *(const V *)(w + LANES);
#pragma clang loop unroll(full)
            for (int r = 0; r < TILE; r++) {
              V xr = NAME(all)(xk[r * x_stride + k]);
              sum[r][0] += xr * w0;
              sum[r][1] += xr * w1;
            }
          }
          V b0 = *(const V *)(bias + c), b1 = *(const V *)(bias + c + LANES);
          const int j0 = (int)(c / LANES % (buckets / LANES)), j1 = (j0 + 1) % (buckets / LANES);
#pragma clang loop unroll(full)
          for (int r = 0; r < TILE; r++) {
            V s0 = sum[r][0] + b0, s1 = sum[r][1] + b1;
            least[r][j0] = NAME(choose)(s0 < least[r][j0], s0, least[r][j0]);
            least[r][j1] = NAME(choose)(s1 < least[r][j1], s1, least[r][j1]);
          }
        }
        for (int r = 0; r < TILE; r++)
          memcpy(minima + (row + r) * stride + first / chunk * buckets, least[r], sizeof least[r]);
      }
  }
}

TARGET static float NAME(smallest)(const float *values, ptrdiff_t count) {
  float smallest = __builtin_inff();
  V least = NAME(all)(smallest);
  ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    V v = *(const V *)(values + i);
    least = NAME(choose)(v < least, v, least);
  }
  for (; i < count; i++)
    if (values[i] < smallest) smallest = values[i];
  for (int j = 0; j < LANES; j++)
    if (least[j] < smallest) smallest = least[j];
  return smallest;
}

TARGET static ptrdiff_t NAME(at_most)(const float *values, ptrdiff_t count, float threshold, int *found) {
  ptrdiff_t number = 0, i = 0;
  for (; i + LANES <= count; i += LANES) {
    I hit = *(const V *)(values + i) <= NAME(all)(threshold);
    if (__builtin_reduce_or(hit))
      for (int j = 0; j < LANES; j++)
        if (hit[j]) found[number++] = (int)(i + j);
  }
  for (; i < count; i++)
    if (values[i] <= threshold) found[number++] = (int)i;
  return number;
}
#else
typedef long long NAME(I) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));
#define V NAME(V)
#define I NAME(I)

TARGET static inline V NAME(all)(double x) { return x - (V){}; }
TARGET static inline V NAME(choose)(I mask, V a, V b) {
  return (V)(((I)a & mask) | ((I)b & ~mask));
}

// e^x = scale (1 + p) for |x| <= 708: p is the series of e^r - 1 to r^14 / 14!, |r| <= ln(2) / 2; error below one
// ulp. Its low part, of the argument's reduction, is Cody and Waite's.
TARGET static inline V NAME(exp_parts)(V x, V *scale) {
  V k = x * 1.4426950408889634 + 0x1.8p52;  // the nearest integer in the low bits
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

// (e^2x - 1) / (e^2x + 1), without cancellation; error below 3 ulp.
TARGET static inline V NAME(tanh)(V x) {
  V size = (V)((I)x & 0x7fffffffffffffffLL), scale;
  V y = NAME(choose)(size > 20.0, NAME(all)(40.0), 2 * size);
  V p = NAME(exp_parts)(y, &scale);
  V m = scale * p + (scale - 1);
  V t = m / (m + 2);
  t = (V)((I)t | ((I)x & (I)NAME(all)(-0.0)));
  return NAME(choose)(x != x, x, t);
}

// 1 / (1 + e^-x) without overflow; 0 below -708, where it is below 4e-308; error below 3 ulp.
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
#undef I
#define ACTIVATE NAME(activate)

// A step of Adam that is due: `vectors` vectors of parameters whose gradient is known.
struct NAME(adam) {
  REAL beta1, beta2, rest1, rest2, rate, correction, epsilon;
  REAL *parameters, *first, *second;
  const REAL *gradient;
  ptrdiff_t vectors;
};
TARGET static inline __attribute__((always_inline)) void NAME(adam_vector)(const struct NAME(adam) *due,
                                                                          ptrdiff_t vector) {
  const ptrdiff_t i = vector * LANES;
  V g = *(const V *)(due->gradient + i);
  V m = due->beta1 * *(const V *)(due->first + i) + due->rest1 * g;
  V v = due->beta2 * *(const V *)(due->second + i) + due->rest2 * g * g;
  *(V *)(due->first + i) = m;
  *(V *)(due->second + i) = v;
  V root = __builtin_elementwise_sqrt(v);
  *(V *)(due->parameters + i) -= due->rate * m / (root * due->correction + due->epsilon);
}
// How many of them are done along with a sum of `inner` terms; and the others.
TARGET static inline ptrdiff_t NAME(on_the_way)(const struct NAME(adam) *due, ptrdiff_t inner) {
  const ptrdiff_t most = inner < CHUNK ? inner : CHUNK;
  return due->vectors < most ? due->vectors : most;
}
TARGET static void NAME(finish)(struct NAME(adam) *due, ptrdiff_t inner) {
  for (ptrdiff_t k = NAME(on_the_way)(due, inner); k < due->vectors; k++) NAME(adam_vector)(due, k);
  due->vectors = 0;
}

// The register tile, y[r][c] = bias[c] + sum_k a[r][k] b[k][c] for `height` <= TILE rows and two vectors
// of columns, summed over `inner` in a fixed order: chunks of CHUNK terms are summed by themselves, for
// rounding errors grow with the length of a sum. `height` is a constant in each copy. `streams` where b is
// one panel of weights, which comes from the second- or third-level cache in one stream. Where it does not,
// the step of Adam that is due is done on the way, one vector per term, so that the divider works while
// the multipliers do, and lines of `ahead` are fetched.
TARGET static inline __attribute__((always_inline)) void
NAME(tile)(const int height, const REAL *a, ptrdiff_t a_row, ptrdiff_t a_inner, const REAL *b,
           ptrdiff_t b_inner, ptrdiff_t inner, const REAL *bias, REAL *y, ptrdiff_t y_row,
           const REAL *const *ahead, const struct NAME(adam) *due, const int streams) {
  ptrdiff_t first = 0;
  do {
    const ptrdiff_t length = first + CHUNK < inner ? CHUNK : inner - first;
    V sum[TILE][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < height; r++) sum[r][0] = sum[r][1] = (V){};
    const REAL *ak = a + first * a_inner, *bk = b + first * b_inner;
    const ptrdiff_t busy = streams || first ? 0 : NAME(on_the_way)(due, inner);
#pragma clang loop unroll(full)
    for (int part = streams ? 1 : 0; part < 2; part++)
      for (ptrdiff_t k = part ? busy : 0; k < (part ? length : busy); k++, ak += a_inner, bk += b_inner) {
        if (part == 0) {
          for (int j = 0; j < 3; j++) __builtin_prefetch(ahead[j] + k * LANES, 1);
          __builtin_prefetch(ahead[3] + k * PANEL, 1);
          NAME(adam_vector)(due, k);
        }
        if (streams) {
          __builtin_prefetch(bk + NEAR * PANEL, 0, 3);
          __builtin_prefetch(bk + NEAR * PANEL + LANES, 0, 3);
          __builtin_prefetch(bk + FAR * PANEL, 0, 2);
          __builtin_prefetch(bk + FAR * PANEL + LANES, 0, 2);
        }
        V b0 = *(const V *)bk, b1 = *(const V *)(bk + LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < height; r++) {
          V x = ak[r * a_row] - (V){};  // a broadcast: x - 0 is x, x + 0 is not for -0
          sum[r][0] += x * b0;
          sum[r][1] += x * b1;
        }
      }
    // The outputs themselves hold the sum of the chunks so far.
#pragma clang loop unroll(full)
    for (int r = 0; r < height; r++) {
      V *y0 = (V *)(y + r * y_row), *y1 = (V *)(y + r * y_row + LANES);
      *y0 = sum[r][0] + (first ? *y0 : *(const V *)bias);
      *y1 = sum[r][1] + (first ? *y1 : *(const V *)(bias + LANES));
    }
    first += length;
  } while (first < inner);
}

#define CASE(h) case h: NAME(tile)(h, a, a_row, a_inner, b, b_inner, inner, bias, y, y_row, ahead, due, streams); break;
#if TILE > 6
#define TALL CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#else
#define TALL
#endif
#define HEIGHTS switch (height) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) TALL }

// Rows of `a` contiguous along the sum (layers), and across it (weight gradients).
TARGET static void NAME(along)(int height, const REAL *a, ptrdiff_t a_row, const REAL *b, ptrdiff_t inner,
                               const REAL *bias, REAL *y, ptrdiff_t y_row) {
  const ptrdiff_t a_inner = 1, b_inner = PANEL;
  const int streams = 1;
  const REAL *const *const ahead = 0;
  const struct NAME(adam) *const due = 0;
  HEIGHTS
}
TARGET static void NAME(across)(int height, const REAL *a, ptrdiff_t a_inner, const REAL *b,
                                ptrdiff_t b_inner, ptrdiff_t inner, REAL *y, const REAL *const *ahead,
                                const struct NAME(adam) *due) {
  static const REAL bias[2 * LANES];
  const ptrdiff_t a_row = 1, y_row = PANEL;
  const int streams = 0;
  HEIGHTS
}
#undef CASE
#undef TALL
#undef HEIGHTS

// The height of the next of the tiles, as even as possible, that cover `left` rows.
#define HEIGHT(left) (((left) + ((left) + TILE - 1) / TILE - 1) / (((left) + TILE - 1) / TILE))

// A group of panels, whose weights stay in the second-level cache, meets all rows before the next group.
TARGET static void NAME(dense)(const REAL *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                               const REAL *packed, const REAL *bias, ptrdiff_t columns, REAL *y,
                               ptrdiff_t y_stride, int activation) {
  const ptrdiff_t width = padded(columns, PANEL), panels = GROUP / ((ptrdiff_t)sizeof(REAL) * PANEL * inner);
  const ptrdiff_t group = panels > 1 ? panels * PANEL : PANEL;
  for (ptrdiff_t left = 0; left < width; left += group) {
    const ptrdiff_t right = left + group < width ? left + group : width;
    for (ptrdiff_t r = 0, height; r < rows; r += height) {
      height = HEIGHT(rows - r);
      for (ptrdiff_t c = left; c < right; c += 2 * LANES)
        NAME(along)((int)height, x + r * x_stride, x_stride, packed + c / PANEL * PANEL * inner + c % PANEL,
                    inner, bias + c, y + r * y_stride + c, y_stride);
      ACTIVATE(y + r * y_stride + left, height, right - left, y_stride, activation);
    }
  }
}

#if LANES == 2
#define LOW 0, 2
#define HIGH 1, 3
#elif LANES == 4
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#elif LANES == 8
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif
// LANES rows of a panel, from row i.
TARGET static void NAME(transpose_rows)(const REAL *panel, ptrdiff_t i, ptrdiff_t inputs, ptrdiff_t columns,
                                      REAL *target, ptrdiff_t target_panel) {
  REAL edge[LANES * PANEL];
  const REAL *source = panel + i * PANEL;
  if (i + LANES > inputs) {
    const size_t whole = (size_t)(i < inputs ? inputs - i : 0) * PANEL;
    memcpy(edge, source, whole * sizeof(REAL));
    memset(edge + whole, 0, sizeof edge - whole * sizeof(REAL));
    source = edge;
  }
  for (ptrdiff_t c = 0; c < columns; c += LANES) {
    V v[LANES], w[LANES];
#pragma clang loop unroll(full)
    for (int j = 0; j < LANES; j++) v[j] = *(const V *)(source + j * PANEL + c);
    // A perfect shuffle of LANES^2 elements, log2(LANES) times, is the transposition.
#pragma clang loop unroll(full)
    for (int step = 1; step < LANES; step *= 2) {
#pragma clang loop unroll(full)
      for (int j = 0; j < LANES / 2; j++) {
        w[2 * j] = __builtin_shufflevector(v[j], v[j + LANES / 2], LOW);
        w[2 * j + 1] = __builtin_shufflevector(v[j], v[j + LANES / 2], HIGH);
      }
#pragma clang loop unroll(full)
      for (int j = 0; j < LANES; j++) v[j] = w[j];
    }
    REAL *t = target + i / PANEL * target_panel + i % PANEL + c * PANEL;
#pragma clang loop unroll(full)
    for (int j = 0; j < LANES; j++)
      if (c + j < columns) *(V *)(t + j * PANEL) = v[j];
  }
}
TARGET static void NAME(transpose)(const REAL *panel, ptrdiff_t inputs, ptrdiff_t columns, REAL *target,
                                   ptrdiff_t target_panel) {
  for (ptrdiff_t i = 0; i < padded(inputs, PANEL); i += LANES)
    NAME(transpose_rows)(panel, i, inputs, columns, target, target_panel);
}

TARGET static void NAME(update)(const REAL *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride,
                                const REAL *delta, ptrdiff_t delta_stride, REAL *gradient, REAL *parameters,
                                REAL *first, REAL *second, const struct ckernels_adam *adam,
                                ptrdiff_t columns, REAL *target, ptrdiff_t target_panel) {
  static const REAL one = 1;
  // Gradients of the tile at work and of the one before, whose step of Adam is due meanwhile.
  REAL scratch[2][TILE * PANEL];
  const REAL beta1 = (REAL)adam->beta1, beta2 = (REAL)adam->beta2;
  struct NAME(adam) due = {.beta1 = beta1, .beta2 = beta2, .rest1 = 1 - beta1, .rest2 = 1 - beta2,
                           .rate = (REAL)adam->rate, .correction = (REAL)adam->second_correction,
                           .epsilon = (REAL)adam->epsilon};
  ptrdiff_t moved = 0;
  for (ptrdiff_t i = 0, tile = 0, height; i <= inputs; i += height, tile++) {
    height = i < inputs ? HEIGHT(inputs - i) : 1;  // the last row is the bias's: its input is 1
    REAL *g = gradient ? gradient + i * PANEL : scratch[tile % 2];
    const REAL *const ahead[4] = {parameters + i * PANEL, first + i * PANEL, second + i * PANEL,
                                  target ? target + moved / PANEL * target_panel + moved % PANEL : parameters};
    const REAL *input = i < inputs ? x + i : &one;
    const ptrdiff_t input_stride = i < inputs ? x_stride : 0;
    for (ptrdiff_t part = 0; part < PANEL; part += 2 * LANES) {
      NAME(across)((int)height, input, input_stride, delta + part, delta_stride, rows, g + part, ahead, &due);
      NAME(finish)(&due, rows);
    }
    if (gradient) continue;
    // Rows before this tile are updated, and move to the transposed weights.
    for (; target && moved + LANES <= i; moved += LANES)
      NAME(transpose_rows)(parameters, moved, inputs, columns, target, target_panel);
    due.parameters = parameters + i * PANEL;
    due.first = first + i * PANEL;
    due.second = second + i * PANEL;
    due.gradient = g;
    due.vectors = height * PANEL / LANES;
  }
  NAME(finish)(&due, 0);
  for (; target && !gradient && moved < padded(inputs, PANEL); moved += LANES)
    NAME(transpose_rows)(parameters, moved, inputs, columns, target, target_panel);
}

#undef LOW
#undef HIGH
#undef HEIGHT
#undef ACTIVATE
#undef V
