#include "CKernels.h"

#include <math.h>
#include <string.h>

// a * b + c may be fused within an expression. The source decides this, not the caller's compiler options.
#pragma STDC FP_CONTRACT ON

// The number of terms of a dense layer's sum that are added up separately.
#define CHUNK 256

// How many terms ahead weights are fetched into the first-level and into the second-level cache.
#define NEAR 32
#define FAR 128

// The bytes of weights that all rows of a block meet before the next weights do.
#define GROUP (256 << 10)

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(x) JOIN(x, SUFFIX)

// Functions in double precision, for checks and for attractors. They call the C library, which is accurate to an
// ulp. lanes.h has faster ones for tanh and logistic.

static double logistic(double x) {
  double e = exp(-fabs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))) + (x != x ? x : 0); }

static double apply(double x, int activation) {
  switch (activation) {
  case ckernels_tanh: return tanh(x);
  case ckernels_relu: return x < 0 ? 0 : x;
  case ckernels_gelu: return 0.5 * x * (1 + erf(x * M_SQRT1_2));
  case ckernels_softplus: return softplus(x);
  case ckernels_logistic: return logistic(x);
  default: return x;
  }
}

static double slope(double x, double y, int activation) {
  switch (activation) {
  case ckernels_tanh: return 1 - y * y;
  case ckernels_relu: return x > 0;
  case ckernels_gelu: return 0.5 * (1 + erf(x * M_SQRT1_2)) + x * 0.39894228040143267794 * exp(-0.5 * x * x);
  case ckernels_softplus: return logistic(x);
  case ckernels_logistic: return y * (1 - y);
  default: return 1;
  }
}

void ckernels_activation_gradient_double(const double *input, const double *output, double *gradient,
                                         ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                         int activation) {
  for (ptrdiff_t r = 0; r < rows; r++)
    for (ptrdiff_t i = r * stride; i < r * stride + count; i++)
      gradient[i] *= slope(input[i], output[i], activation);
}

double ckernels_bernoulli_double(const double *logits, ptrdiff_t stride, const double *targets,
                                 ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, double scale,
                                 double *gradient) {
  double sum = 0;
  for (ptrdiff_t r = 0; r < rows; r++)
    for (ptrdiff_t i = 0; i < count; i++) {
      const double l = logits[r * stride + i], x = targets[r * target_stride + i];
      sum += softplus(l) - x * l;
      if (gradient) gradient[r * stride + i] = scale * (logistic(l) - x);
    }
  return sum;
}

static ptrdiff_t padded(ptrdiff_t n, ptrdiff_t multiple) { return (n + multiple - 1) / multiple * multiple; }

#define REAL float
#define SINGLE
#define PANEL 32

#define SUFFIX f32_portable
#define TARGET
#define LANES 4
#define TILE 6
#include "lanes.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef TILE

#if defined(__x86_64__)
#define SUFFIX f32_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE 6
#include "lanes.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef TILE

#define SUFFIX f32_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define LANES 16
#define TILE 14
#include "lanes.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef TILE
#endif

#undef REAL
#undef SINGLE
#undef PANEL
#define REAL double
#define PANEL 16

#define SUFFIX f64_portable
#define TARGET
#define LANES 2
#define TILE 6
#include "lanes.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef TILE

#if defined(__x86_64__)
#define SUFFIX f64_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 4
#define TILE 6
#include "lanes.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef TILE

#define SUFFIX f64_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define LANES 8
#define TILE 14
#include "lanes.h"
#undef SUFFIX
#undef TARGET
#undef LANES
#undef TILE
#endif

// The instruction set is chosen through function pointers, because ifunc crashes under the thread sanitizer.
static int best_instruction_set(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return 3;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 2;
#endif
  return 1;
}

#define LAYER(REAL)                                                                                      \
  (const REAL *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride, const REAL *packed,               \
   const REAL *bias, ptrdiff_t columns, REAL *y, ptrdiff_t y_stride, int activation)
#define UPDATE(REAL)                                                                                     \
  (const REAL *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride, const REAL *delta,               \
   ptrdiff_t delta_stride, REAL *gradient, REAL *parameters, REAL *first, REAL *second,                  \
   const struct ckernels_adam *adam, ptrdiff_t columns, REAL *target, ptrdiff_t target_panel)
#define TRANSPOSE(REAL)                                                                                  \
  (const REAL *panel, ptrdiff_t inputs, ptrdiff_t columns, REAL *target, ptrdiff_t target_panel)

#define MINIMA                                                                                           \
  (const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride, const float *packed,             \
   const float *bias, ptrdiff_t columns, float *minima, ptrdiff_t stride)

struct table {
  void (*dense_float) LAYER(float);
  void (*dense_double) LAYER(double);
  void (*update_float) UPDATE(float);
  void (*update_double) UPDATE(double);
  void (*transpose_float) TRANSPOSE(float);
  void (*transpose_double) TRANSPOSE(double);
  void (*activate)(float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int);
  void (*activate_double)(double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int);
  void (*activation_gradient)(const float *, const float *, float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, int);
  double (*bernoulli)(const float *, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float,
                      float *);
  void (*bucket_minima) MINIMA;
  float (*smallest)(const float *, ptrdiff_t);
  ptrdiff_t (*at_most)(const float *, ptrdiff_t, float, int *);
};

#define TABLE(isa)                                                                                       \
  {                                                                                                      \
    dense_f32_##isa, dense_f64_##isa, update_f32_##isa, update_f64_##isa, transpose_f32_##isa,           \
        transpose_f64_##isa, activate_f32_##isa, activate_f64_##isa, activation_gradient_f32_##isa,      \
        bernoulli_f32_##isa, bucket_minima_f32_##isa, smallest_f32_##isa, at_most_f32_##isa              \
  }

static const struct table tables[] = {
    TABLE(portable),
#if defined(__x86_64__)
    TABLE(avx2),
    TABLE(avx512),
#endif
};

static const struct table *current = &tables[0];
static int selected = 1;

int ckernels_select(int instruction_set) {
  int best = best_instruction_set();
  selected = instruction_set <= 0 || instruction_set > best ? best : instruction_set;
  current = &tables[selected - 1];
  return selected;
}

__attribute__((constructor)) static void select_at_start(void) { ckernels_select(0); }

#define PACK(NAME, REAL, PANEL)                                                                          \
  void NAME(const REAL *weights, ptrdiff_t columns, ptrdiff_t inner, REAL *packed) {                     \
    for (ptrdiff_t c = 0; c < padded(columns, PANEL); c++)                                               \
      for (ptrdiff_t k = 0; k < inner; k++)                                                              \
        packed[(c / PANEL) * PANEL * inner + k * PANEL + c % PANEL] =                                    \
            c < columns ? weights[c * inner + k] : 0;                                                    \
  }
PACK(ckernels_pack_float, float, ckernels_panel_float)
PACK(ckernels_pack_double, double, ckernels_panel_double)

#define ENTRIES(REAL)                                                                                    \
  void ckernels_dense_##REAL LAYER(REAL) {                                                               \
    current->dense_##REAL(x, rows, inner, x_stride, packed, bias, columns, y, y_stride, activation);     \
  }                                                                                                      \
  void ckernels_update_##REAL UPDATE(REAL) {                                                             \
    current->update_##REAL(x, rows, inputs, x_stride, delta, delta_stride, gradient, parameters, first,  \
                           second, adam, columns, target, target_panel);                                                                \
  }                                                                                                      \
  void ckernels_transpose_##REAL TRANSPOSE(REAL) {                                                       \
    current->transpose_##REAL(panel, inputs, columns, target, target_panel);                             \
  }
ENTRIES(float)
ENTRIES(double)

void ckernels_activate_float(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                             int activation) {
  current->activate(values, rows, count, stride, activation);
}

void ckernels_activate_double(double *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                              int activation) {
  current->activate_double(values, rows, count, stride, activation);
}

void ckernels_activation_gradient_float(const float *input, const float *output, float *gradient,
                                        ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                        int activation) {
  current->activation_gradient(input, output, gradient, rows, count, stride, activation);
}

double ckernels_bernoulli_float(const float *logits, ptrdiff_t stride, const float *targets,
                                ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, float scale,
                                float *gradient) {
  return current->bernoulli(logits, stride, targets, target_stride, rows, count, scale, gradient);
}

void ckernels_bucket_minima MINIMA {
  current->bucket_minima(x, rows, inner, x_stride, packed, bias, columns, minima, stride);
}

float ckernels_smallest(const float *values, ptrdiff_t count) { return current->smallest(values, count); }

ptrdiff_t ckernels_at_most(const float *values, ptrdiff_t count, float threshold, int *found) {
  return current->at_most(values, count, threshold, found);
}
