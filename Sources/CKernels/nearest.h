// Part of lanes.h, single precision: the search for the nearest of many vectors.
// See ckernels_bucket_minima. Only minima leave the registers; the scores themselves do not.
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
          for (int j = 0; j < buckets / LANES; j++) least[r][j] = FULL(__builtin_inff());
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
              V xr = FULL(xk[r * x_stride + k]);
              sum[r][0] = FUSED(xr, w0, sum[r][0]);
              sum[r][1] = FUSED(xr, w1, sum[r][1]);
            }
          }
          V b0 = *(const V *)(bias + c), b1 = *(const V *)(bias + c + LANES);
          const int j0 = (int)(c / LANES % (buckets / LANES)), j1 = (j0 + 1) % (buckets / LANES);
#pragma clang loop unroll(full)
          for (int r = 0; r < TILE; r++) {
            V s0 = sum[r][0] + b0, s1 = sum[r][1] + b1;
            least[r][j0] = CHOOSE(s0 < least[r][j0], s0, least[r][j0]);
            least[r][j1] = CHOOSE(s1 < least[r][j1], s1, least[r][j1]);
          }
        }
        for (int r = 0; r < TILE; r++)
          memcpy(minima + (row + r) * stride + first / chunk * buckets, least[r], sizeof least[r]);
      }
  }
}

TARGET static float NAME(smallest)(const float *values, ptrdiff_t count) {
  float smallest = __builtin_inff();
  V least = FULL(smallest);
  ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    V v = *(const V *)(values + i);
    least = CHOOSE(v < least, v, least);
  }
  for (; i < count; i++)
    if (values[i] < smallest) smallest = values[i];
  for (int j = 0; j < LANES; j++)
    if (least[j] < smallest) smallest = least[j];
  return smallest + 0.0f;  // of zeros of both signs, +0
}

TARGET static ptrdiff_t NAME(at_most)(const float *values, ptrdiff_t count, float threshold, int *found) {
  ptrdiff_t number = 0, i = 0;
  for (; i + LANES <= count; i += LANES) {
    I hit = *(const V *)(values + i) <= FULL(threshold);
    if (__builtin_reduce_or(hit))
      for (int j = 0; j < LANES; j++)
        if (hit[j]) found[number++] = (int)(i + j);
  }
  for (; i < count; i++)
    if (values[i] <= threshold) found[number++] = (int)i;
  return number;
}
