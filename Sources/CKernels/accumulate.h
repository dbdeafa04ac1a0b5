// Part of lanes.h, double precision: products of matrices that are not packed, added to what is there.

// The tile y[r][c] += sum_k a[r][k] b[k][c] for up to ROWS_AT_ONCE rows and LANES columns, of which `left` exist.
#define ROWS_AT_ONCE 8
TARGET static inline __attribute__((always_inline)) void
NAME(accumulate_tile)(const int height, const double *a, ptrdiff_t a_row, ptrdiff_t a_inner, const double *b,
                      ptrdiff_t b_inner, ptrdiff_t inner, double *y, ptrdiff_t y_row, ptrdiff_t left) {
  V sum[ROWS_AT_ONCE] = {};
  for (ptrdiff_t k = 0; k < inner; k++) {
    V bk = NAME(load)(b + k * b_inner, left);
#pragma clang loop unroll(full)
    for (int r = 0; r < height; r++) sum[r] = FUSED(FULL(a[r * a_row + k * a_inner]), bk, sum[r]);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < height; r++)
    NAME(store)(y + r * y_row, left, NAME(load)(y + r * y_row, left) + sum[r]);
}

// See ckernels_accumulate. Each output is one sum in a fixed order, in chunks of CHUNK terms.
TARGET static void NAME(accumulate)(const double *a, ptrdiff_t rows, ptrdiff_t a_row, ptrdiff_t a_inner,
                                    const double *b, ptrdiff_t inner, ptrdiff_t b_inner, double *y,
                                    ptrdiff_t columns, ptrdiff_t y_row) {
  for (ptrdiff_t first = 0; first < inner; first += CHUNK, a += CHUNK * a_inner, b += CHUNK * b_inner) {
    const ptrdiff_t length = first + CHUNK < inner ? CHUNK : inner - first;
    for (ptrdiff_t r = 0, height; r < rows; r += height) {
      height = r + ROWS_AT_ONCE <= rows ? ROWS_AT_ONCE : 1;
      for (ptrdiff_t c = 0; c < columns; c += LANES) {
        const double *ar = a + r * a_row, *bc = b + c;
        double *yr = y + r * y_row + c;
        if (height > 1)
          NAME(accumulate_tile)(ROWS_AT_ONCE, ar, a_row, a_inner, bc, b_inner, length, yr, y_row, columns - c);
        else
          NAME(accumulate_tile)(1, ar, a_row, a_inner, bc, b_inner, length, yr, y_row, columns - c);
      }
    }
  }
}
#undef ROWS_AT_ONCE
