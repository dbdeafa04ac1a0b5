// Part of lanes.h: the register tile, and dense layers. When weights are updated, a step of Adam runs beside the
// tile's products.
//
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
  V m = FUSED(FULL(due->beta1), *(const V *)(due->first + i), due->rest1 * g);
  V v = FUSED(FULL(due->beta2), *(const V *)(due->second + i), due->rest2 * g * g);
  *(V *)(due->first + i) = m;
  *(V *)(due->second + i) = v;
  V size = FUSED(ROOT(v), FULL(due->correction), FULL(due->epsilon));
  *(V *)(due->parameters + i) -= due->rate * m / size;
}
// The number of vectors that are updated while a sum of `inner` terms is computed. `finish` updates the others.
TARGET static inline ptrdiff_t NAME(on_the_way)(const struct NAME(adam) *due, ptrdiff_t inner) {
  const ptrdiff_t most = inner < CHUNK ? inner : CHUNK;
  return due->vectors < most ? due->vectors : most;
}
TARGET static void NAME(finish)(struct NAME(adam) *due, ptrdiff_t inner) {
  for (ptrdiff_t k = NAME(on_the_way)(due, inner); k < due->vectors; k++) NAME(adam_vector)(due, k);
  due->vectors = 0;
}

// The register tile: y[r][c] = bias[c] + sum_k a[r][k] b[k][c] for `height` <= TILE rows and two vectors of
// columns.
//
// The sum over `inner` has a fixed order. Chunks of CHUNK terms are summed separately, because rounding errors grow
// with the length of a sum. `height` is a constant in each copy of the function.
//
// `streams` is 1 if b is one panel of weights, which comes from the second- or third-level cache in one stream. If
// it is 0, the step of Adam that is due is done meanwhile, one vector per term, so that the divider works while the
// multipliers do. After that, lines of `ahead` are fetched, one per term.
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
        if (part == 0) NAME(adam_vector)(due, k);
        // Lines are not fetched while the step of Adam needs the load ports.
        const ptrdiff_t line = k - busy;
        if (!streams && part && !first && line < 3 * height * PANEL / LANES)
          __builtin_prefetch(ahead[line % 3] + line / 3 * LANES, 1);
        if (streams) {
          __builtin_prefetch(bk + NEAR * PANEL, 0, 3);
          __builtin_prefetch(bk + NEAR * PANEL + LANES, 0, 3);
          __builtin_prefetch(bk + FAR * PANEL, 0, 2);
          __builtin_prefetch(bk + FAR * PANEL + LANES, 0, 2);
        }
        V b0 = *(const V *)bk, b1 = *(const V *)(bk + LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < height; r++) {
          V x = ak[r * a_row] - (V){};  // a broadcast: x - 0 is x even for -0, which x + 0 is not
          sum[r][0] = FUSED(x, b0, sum[r][0]);
          sum[r][1] = FUSED(x, b1, sum[r][1]);
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

// `along`: the rows of `a` are contiguous along the sum, as in layers. `across`: they are contiguous across it, as
// in gradients of weights.
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

// The height of the next tile, where tiles of heights as even as possible cover `left` rows.
#define HEIGHT(left) (((left) + ((left) + TILE - 1) / TILE - 1) / (((left) + TILE - 1) / TILE))

// All rows meet one group of panels before the next group, so that a group's weights stay in the second-level
// cache.
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
      NAME(activate)(y + r * y_stride + left, height, right - left, y_stride, activation);
    }
  }
}
