// Part of lanes.h: a layer's activation, and its slope.

TARGET static inline V NAME(apply)(V x, int activation) {
  switch (activation) {
  case ckernels_tanh: return NAME(tanh)(x);
  case ckernels_relu: return CHOOSE(x < FULL(0), FULL(0), x);
  case ckernels_gelu: return NAME(gelu)(x);
  case ckernels_softplus: return NAME(softplus)(x);
  case ckernels_logistic: return NAME(logistic)(x);
  default: return x;
  }
}

// f'(input), computed from the input or the output, whichever is cheaper.
TARGET static inline V NAME(slope)(V input, V output, int activation) {
  switch (activation) {
  case ckernels_tanh: return FUSED(-output, output, FULL(1));
  case ckernels_relu: return CHOOSE(input > FULL(0), FULL(1), FULL(0));
  case ckernels_gelu: return NAME(gelu_slope)(input);
  case ckernels_softplus: return NAME(logistic)(input);
  case ckernels_logistic: return output * (FULL(1) - output);
  default: return FULL(1);
  }
}

// There is one copy per function, so that the choice is made outside the loops.
#define EACH_ACTIVATION \
  switch (activation) { \
    BY(ckernels_tanh) BY(ckernels_relu) BY(ckernels_gelu) BY(ckernels_softplus) BY(ckernels_logistic) \
  }

TARGET static inline __attribute__((always_inline)) void
NAME(activate_by)(REAL *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, int activation) {
  for (; rows > 0; rows--, values += stride)
    for (ptrdiff_t i = 0; i < count; i += LANES)
      NAME(store)(values + i, count - i, NAME(apply)(NAME(load)(values + i, count - i), activation));
}
TARGET static void NAME(activate)(REAL *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                  int activation) {
#define BY(a) case a: NAME(activate_by)(values, rows, count, stride, a); break;
  EACH_ACTIVATION
#undef BY
}

TARGET static inline __attribute__((always_inline)) void
NAME(gradient_by)(const REAL *input, const REAL *output, REAL *gradient, ptrdiff_t rows, ptrdiff_t count,
                  ptrdiff_t stride, int activation) {
  for (; rows > 0; rows--, input += stride, output += stride, gradient += stride)
    for (ptrdiff_t i = 0; i < count; i += LANES) {
      ptrdiff_t left = count - i;
      V s = NAME(slope)(NAME(load)(input + i, left), NAME(load)(output + i, left), activation);
      NAME(store)(gradient + i, left, s * NAME(load)(gradient + i, left));
    }
}
TARGET static void NAME(activation_gradient)(const REAL *input, const REAL *output, REAL *gradient,
                                             ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                             int activation) {
#define BY(a) case a: NAME(gradient_by)(input, output, gradient, rows, count, stride, a); break;
  EACH_ACTIVATION
#undef BY
}

// Losses are added up in double precision in CELLS cells: element i of each row goes to cell i mod CELLS. Cells are
// then added in pairs that are CELLS / 2 apart, and so on, whatever the number of lanes. The zeros that fill up a row
// change nothing, because no cell is -0.
TARGET static double NAME(bernoulli)(const REAL *logits, ptrdiff_t stride, const REAL *targets,
                                     ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, REAL scale,
                                     REAL *gradient) {
  NAME(D) sum[CELLS / LANES] = {};
  for (ptrdiff_t r = 0; r < rows; r++, logits += stride, targets += target_stride)
    for (ptrdiff_t first = 0; first < count; first += CELLS)
#pragma clang loop unroll(full)
      for (int j = 0; j < CELLS / LANES; j++) {
        const ptrdiff_t i = first + j * LANES, left = count - i;
        if (left <= 0) break;
        V l = NAME(load)(logits + i, left), x = NAME(load)(targets + i, left);
        V e = NAME(decay)(l), loss = FUSED(-x, l, NAME(softplus_by)(l, e));
        if (left < LANES)
          for (int k = 0; k < LANES; k++) loss[k] = k < left ? loss[k] : 0;
        sum[j] += __builtin_convertvector(loss, NAME(D));
        if (gradient)
          NAME(store)(gradient + r * stride + i, left, FULL(scale) * (NAME(logistic_by)(l, e) - x));
      }
  double cells[CELLS];
  memcpy(cells, sum, sizeof cells);
  for (int half = CELLS / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) cells[j] += cells[j + half];
  return cells[0];
}
