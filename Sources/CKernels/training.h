// Part of lanes.h: transposed weights, and the update of a panel.

// The indices that form the lower and the upper half of a perfect shuffle.
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
// Transposes LANES rows of a panel, from row i on. Whole cache lines are stored past the caches, because other
// cores have read them and will read them again. Where cores share no cache, taking each line from another core
// before writing it took as long as the gradients.
typedef REAL NAME(A) __attribute__((vector_size(LANES * sizeof(REAL))));
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
    // A perfect shuffle of LANES^2 elements, done log2(LANES) times, is the transposition.
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
      if (c + j < columns) {
        if (sizeof(V) == 64)
          __builtin_nontemporal_store((NAME(A))v[j], (NAME(A) *)(t + j * PANEL));
        else
          *(V *)(t + j * PANEL) = v[j];
      }
  }
}
TARGET static void NAME(transpose)(const REAL *panel, ptrdiff_t inputs, ptrdiff_t columns, REAL *target,
                                   ptrdiff_t target_panel) {
  for (ptrdiff_t i = 0; i < padded(inputs, PANEL); i += LANES)
    NAME(transpose_rows)(panel, i, inputs, columns, target, target_panel);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // nontemporal stores are not ordered without a fence
}

TARGET static void NAME(update)(const REAL *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride,
                                const REAL *delta, ptrdiff_t delta_stride, REAL *gradient, REAL *parameters,
                                REAL *first, REAL *second, const struct ckernels_adam *adam,
                                ptrdiff_t columns, REAL *target, ptrdiff_t target_panel) {
  static const REAL one = 1;
  // The gradients of the tile at work and of the tile before it, whose step of Adam is due meanwhile.
  REAL scratch[2][TILE * PANEL];
  const REAL beta1 = (REAL)adam->beta1, beta2 = (REAL)adam->beta2;
  struct NAME(adam) due = {.beta1 = beta1, .beta2 = beta2, .rest1 = 1 - beta1, .rest2 = 1 - beta2,
                           .rate = (REAL)adam->rate, .correction = (REAL)adam->second_correction,
                           .epsilon = (REAL)adam->epsilon};
  ptrdiff_t moved = 0;
  for (ptrdiff_t i = 0, tile = 0, height; i <= inputs; i += height, tile++) {
    height = i < inputs ? HEIGHT(inputs - i) : 1;  // the last row is that of the bias, whose input is 1
    REAL *g = gradient ? gradient + i * PANEL : scratch[tile % 2];
    const REAL *const ahead[3] = {parameters + i * PANEL, first + i * PANEL, second + i * PANEL};
    const REAL *input = i < inputs ? x + i : &one;
    const ptrdiff_t input_stride = i < inputs ? x_stride : 0;
    for (ptrdiff_t part = 0; part < PANEL; part += 2 * LANES) {
      NAME(across)((int)height, input, input_stride, delta + part, delta_stride, rows, g + part, ahead, &due);
      NAME(finish)(&due, rows);
    }
    if (gradient) continue;
    // Rows before this tile have been updated, so they can be written to the transposed weights.
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
  if (target && !gradient) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#undef LOW
#undef HIGH
#undef HEIGHT
