// Part of lanes.h, double precision: functions of functions.h on arrays.

// The pairs are next to each other in `normal`.
TARGET static void NAME(normal_pairs)(const double *u, const double *v, ptrdiff_t count, double *normal) {
  for (ptrdiff_t i = 0; i < count; i += LANES) {
    const ptrdiff_t left = count - i;
    V first, second;
    NAME(normal_pair)(NAME(load)(u + i, left), NAME(load)(v + i, left), &first, &second);
    for (ptrdiff_t k = 0; k < LANES && k < left; k++) {
      normal[2 * (i + k)] = first[k];
      normal[2 * (i + k) + 1] = second[k];
    }
  }
}

TARGET static void NAME(exponentials)(double *values, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i += LANES)
    NAME(store)(values + i, count - i, NAME(exp)(NAME(load)(values + i, count - i)));
}
TARGET static void NAME(logarithms)(double *values, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i += LANES)
    NAME(store)(values + i, count - i, NAME(log)(NAME(load)(values + i, count - i)));
}
