// Part of lanes.h: dense layers of rows that lie in pieces, as the patches of a convolution do. Row r consists of
// `pieces` pieces of `length` elements: piece p begins at x + from[p * from_stride + r]. Its outputs go to y + to[r].

// The register tile, as in dense.h, but that CHUNK / length whole pieces, at least one, are summed separately.
TARGET static inline __attribute__((always_inline)) void
NAME(pieces_tile)(const int height, const REAL *x, const ptrdiff_t *from, ptrdiff_t from_stride, ptrdiff_t pieces,
                  ptrdiff_t length, const REAL *b, const REAL *bias, REAL *y, const ptrdiff_t *to) {
  const ptrdiff_t most = length < CHUNK ? CHUNK / length : 1;
  ptrdiff_t first = 0;
  do {
    const ptrdiff_t last = first + most < pieces ? first + most : pieces;
    V sum[TILE][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < height; r++) sum[r][0] = sum[r][1] = (V){};
    for (ptrdiff_t p = first; p < last; p++) {
      const REAL *a[TILE];
#pragma clang loop unroll(full)
      for (int r = 0; r < height; r++) a[r] = x + from[p * from_stride + r];
      for (ptrdiff_t k = 0; k < length; k++, b += PANEL) {
        V b0 = *(const V *)b, b1 = *(const V *)(b + LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < height; r++) {
          V v = a[r][k] - (V){};  // a broadcast, as in dense.h
          sum[r][0] = FUSED(v, b0, sum[r][0]);
          sum[r][1] = FUSED(v, b1, sum[r][1]);
        }
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < height; r++) {
      V *y0 = (V *)(y + to[r]), *y1 = (V *)(y + to[r] + LANES);
      *y0 = sum[r][0] + (first ? *y0 : *(const V *)bias);
      *y1 = sum[r][1] + (first ? *y1 : *(const V *)(bias + LANES));
    }
    first = last;
  } while (first < pieces);
}

#define CASE(h) case h: NAME(pieces_tile)(h, x, from, from_stride, pieces, length, b, bias, y, to); break;
#if TILE > 6
#define TALL CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#else
#define TALL
#endif
TARGET static void NAME(pieces_along)(int height, const REAL *x, const ptrdiff_t *from, ptrdiff_t from_stride,
                                      ptrdiff_t pieces, ptrdiff_t length, const REAL *b, const REAL *bias, REAL *y,
                                      const ptrdiff_t *to) {
  switch (height) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) TALL }
}
#undef CASE
#undef TALL

TARGET static inline __attribute__((always_inline)) void
NAME(activate_rows_by)(REAL *y, const ptrdiff_t *to, ptrdiff_t rows, int activation) {
  for (ptrdiff_t r = 0; r < rows; r++)
    for (ptrdiff_t c = 0; c < PANEL; c += LANES) {
      V *values = (V *)(y + to[r] + c);
      *values = NAME(apply)(*values, activation);
    }
}
TARGET static void NAME(activate_rows)(REAL *y, const ptrdiff_t *to, ptrdiff_t rows, int activation) {
#define BY(a) case a: NAME(activate_rows_by)(y, to, rows, a); break;
  EACH_ACTIVATION
#undef BY
}

TARGET static void NAME(pieces)(const REAL *x, const ptrdiff_t *from, ptrdiff_t from_stride, ptrdiff_t rows,
                                ptrdiff_t pieces, ptrdiff_t length, const REAL *packed, const REAL *bias,
                                ptrdiff_t columns, REAL *y, const ptrdiff_t *to, int activation) {
  for (ptrdiff_t left = 0; left < padded(columns, PANEL); left += PANEL)
    for (ptrdiff_t r = 0, height; r < rows; r += height) {
      height = HEIGHT(rows - r);
      for (ptrdiff_t c = left; c < left + PANEL; c += 2 * LANES)
        NAME(pieces_along)((int)height, x, from + r, from_stride, pieces, length,
                           packed + left * pieces * length + c % PANEL, bias + c, y + c, to + r);
      NAME(activate_rows)(y + left, to + r, height, activation);
    }
}
