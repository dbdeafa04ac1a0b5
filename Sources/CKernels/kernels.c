#include "CKernels.h"

#include <math.h>
#include <string.h>

// a * b + c may be fused within an expression: fixed by the source, not by the caller.
#pragma STDC FP_CONTRACT ON

// Terms of a dense layer's sum that are added up by themselves.
#define CHUNK 256

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(x) JOIN(x, SUFFIX)

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

// Which instruction set: function pointers, not ifunc (which crashes under the thread sanitizer).
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

struct table {
  void (*dense_float)(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, const float *, const float *,
                      ptrdiff_t, float *, ptrdiff_t, int);
  void (*dense_double)(const double *, ptrdiff_t, ptrdiff_t, ptrdiff_t, const double *, const double *,
                       ptrdiff_t, double *, ptrdiff_t, int);
  void (*activate)(float *, ptrdiff_t, int);
  void (*activation_gradient)(const float *, const float *, float *, ptrdiff_t, int);
  double (*bernoulli)(const float *, const float *, ptrdiff_t, float, float *);
  void (*adam_float)(float *, const float *, float *, float *, ptrdiff_t, float, float, float, float, float);
  void (*adam_double)(double *, const double *, double *, double *, ptrdiff_t, double, double, double,
                      double, double);
  ptrdiff_t (*candidates)(const float *, const float *, ptrdiff_t, float, int *);
  float (*smallest_score)(const float *, const float *, ptrdiff_t);
};

#define TABLE(isa)                                                                                       \
  {                                                                                                      \
    dense_f32_##isa, dense_f64_##isa, activate_f32_##isa, activation_gradient_f32_##isa,                 \
        bernoulli_f32_##isa, adam_f32_##isa, adam_f64_##isa, candidates_f32_##isa, smallest_score_f32_##isa                \
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

static ptrdiff_t padded(ptrdiff_t n, ptrdiff_t multiple) { return (n + multiple - 1) / multiple * multiple; }

#define PACK(NAME, REAL, PANEL)                                                                          \
  void NAME(const REAL *weights, ptrdiff_t columns, ptrdiff_t inner, REAL *packed) {                     \
    for (ptrdiff_t c = 0; c < padded(columns, PANEL); c++)                                               \
      for (ptrdiff_t k = 0; k < inner; k++)                                                              \
        packed[(c / PANEL) * PANEL * inner + k * PANEL + c % PANEL] =                                    \
            c < columns ? weights[c * inner + k] : 0;                                                    \
  }
PACK(ckernels_pack_float, float, ckernels_panel_float)
PACK(ckernels_pack_double, double, ckernels_panel_double)

void ckernels_dense_float(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                          const float *packed, const float *bias, ptrdiff_t columns, float *y,
                          ptrdiff_t y_stride, int activation) {
  current->dense_float(x, rows, inner, x_stride, packed, bias, columns, y, y_stride, activation);
}

void ckernels_dense_double(const double *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                           const double *packed, const double *bias, ptrdiff_t columns, double *y,
                           ptrdiff_t y_stride, int activation) {
  current->dense_double(x, rows, inner, x_stride, packed, bias, columns, y, y_stride, activation);
}

void ckernels_activate_float(float *values, ptrdiff_t count, int activation) {
  current->activate(values, count, activation);
}

void ckernels_activation_gradient_float(const float *input, const float *output, float *gradient,
                                        ptrdiff_t count, int activation) {
  current->activation_gradient(input, output, gradient, count, activation);
}

double ckernels_bernoulli_float(const float *logits, const float *targets, ptrdiff_t count, float scale,
                                float *gradient) {
  return current->bernoulli(logits, targets, count, scale, gradient);
}

void ckernels_adam_float(float *parameters, const float *gradient, float *first, float *second,
                         ptrdiff_t count, float rate, float second_correction, float beta1, float beta2,
                         float epsilon) {
  current->adam_float(parameters, gradient, first, second, count, rate, second_correction, beta1, beta2,
                      epsilon);
}

void ckernels_adam_double(double *parameters, const double *gradient, double *first, double *second,
                          ptrdiff_t count, double rate, double second_correction, double beta1,
                          double beta2, double epsilon) {
  current->adam_double(parameters, gradient, first, second, count, rate, second_correction, beta1, beta2,
                       epsilon);
}

ptrdiff_t ckernels_candidates(const float *products, const float *norms, ptrdiff_t count, float threshold,
                              int *found) {
  return current->candidates(products, norms, count, threshold, found);
}

float ckernels_smallest_score(const float *products, const float *norms, ptrdiff_t count) {
  return current->smallest_score(products, norms, count);
}

// Double precision is for checking and for attractors: the C library's functions, accurate to an ulp.

static double logistic(double x) {
  double e = exp(-fabs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))) + (x != x ? x : 0); }

void ckernels_activate_double(double *values, ptrdiff_t count, int activation) {
  switch (activation) {
  case ckernels_tanh:
    for (ptrdiff_t i = 0; i < count; i++) values[i] = tanh(values[i]);
    break;
  case ckernels_relu:
    for (ptrdiff_t i = 0; i < count; i++) values[i] = values[i] < 0 ? 0 : values[i];
    break;
  case ckernels_gelu:
    for (ptrdiff_t i = 0; i < count; i++) values[i] = 0.5 * values[i] * (1 + erf(values[i] * M_SQRT1_2));
    break;
  case ckernels_softplus:
    for (ptrdiff_t i = 0; i < count; i++) values[i] = softplus(values[i]);
    break;
  case ckernels_logistic:
    for (ptrdiff_t i = 0; i < count; i++) values[i] = logistic(values[i]);
    break;
  default: break;
  }
}

void ckernels_activation_gradient_double(const double *input, const double *output, double *gradient,
                                         ptrdiff_t count, int activation) {
  for (ptrdiff_t i = 0; i < count; i++) {
    double x = input[i], slope = 1;
    switch (activation) {
    case ckernels_tanh: slope = 1 - output[i] * output[i]; break;
    case ckernels_relu: slope = x > 0; break;
    case ckernels_gelu:
      slope = 0.5 * (1 + erf(x * M_SQRT1_2)) + x * 0.39894228040143267794 * exp(-0.5 * x * x);
      break;
    case ckernels_softplus: slope = logistic(x); break;
    case ckernels_logistic: slope = output[i] * (1 - output[i]); break;
    default: break;
    }
    gradient[i] *= slope;
  }
}

double ckernels_bernoulli_double(const double *logits, const double *targets, ptrdiff_t count, double scale,
                                 double *gradient) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < count; i++) {
    sum += softplus(logits[i]) - targets[i] * logits[i];
    if (gradient) gradient[i] = scale * (logistic(logits[i]) - targets[i]);
  }
  return sum;
}
