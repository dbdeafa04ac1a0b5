#include "CKernels.h"

#include <string.h>

// Products and sums are fused only where the source says so. Otherwise bits would depend on the processor.
#pragma STDC FP_CONTRACT OFF

// The number of terms of a dense layer's sum that are added up separately.
#define CHUNK 256

// The partial sums of a sum over elements, whatever the width of a vector.
#define CELLS 16

// How many terms ahead weights are fetched into the first-level and into the second-level cache.
#define NEAR 32
#define FAR 128

// The bytes of weights that all rows of a block meet before the next weights do.
#define GROUP (256 << 10)

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(x) JOIN(x, SUFFIX)

static ptrdiff_t padded(ptrdiff_t n, ptrdiff_t multiple) { return (n + multiple - 1) / multiple * multiple; }

#define WHOLE(c) c##LL

// The bits of a double and the double with these bits.
static inline long long bits_of(double x) {
  long long bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline double number_of(long long bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))

#define REAL float
#define SINGLE
#define PANEL 32
#define SUFFIX f32_portable
#define TARGET
#define LANES 4
#define TILE 6
#include "lanes.h"
#if defined(__x86_64__)
#define SUFFIX f32_avx2
#define TARGET AVX2
#define LANES 8
#define TILE 6
#include "lanes.h"
#define SUFFIX f32_avx512
#define TARGET AVX512
#define LANES 16
#define TILE 14
#include "lanes.h"
#endif
#ifdef CKERNELS_WIDE
#define SUFFIX f32_wide
#define TARGET WIDE
#define LANES 16
#define TILE 14
#include "lanes.h"
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
#if defined(__x86_64__)
#define SUFFIX f64_avx2
#define TARGET AVX2
#define LANES 4
#define TILE 6
#include "lanes.h"
#define SUFFIX f64_avx512
#define TARGET AVX512
#define LANES 8
#define TILE 14
#include "lanes.h"
#endif
#ifdef CKERNELS_WIDE
#define SUFFIX f64_wide
#define TARGET WIDE
#define LANES 8
#define TILE 14
#include "lanes.h"
#endif
#undef REAL
#undef PANEL

#define SUFFIX scalar_portable
#define TARGET
#include "scalars.h"
#if defined(__x86_64__)
// Of single numbers, AVX-512 has nothing more.
#define SUFFIX scalar_avx2
#define TARGET AVX2
#include "scalars.h"
#endif

#include "eigensystem.h"

// Whether the processor has an instruction set.
int ckernels_has(int instruction_set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (instruction_set == ckernels_avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (instruction_set == ckernels_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           ckernels_has(ckernels_avx2);
#endif
#ifdef CKERNELS_WIDE
  if (instruction_set == ckernels_wide) return 1;
#endif
  return instruction_set == ckernels_portable;
}

#define LAYER(REAL)                                                                                      \
  (const REAL *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride, const REAL *packed,               \
   const REAL *bias, ptrdiff_t columns, REAL *y, ptrdiff_t y_stride, int activation)
#define PIECES(REAL)                                                                                     \
  (const REAL *x, const ptrdiff_t *from, ptrdiff_t from_stride, ptrdiff_t rows, ptrdiff_t pieces,        \
   ptrdiff_t length, const REAL *packed, const REAL *bias, ptrdiff_t columns, REAL *y,                   \
   const ptrdiff_t *to, int activation)
#define UPDATE(REAL)                                                                                     \
  (const REAL *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride, const REAL *delta,               \
   ptrdiff_t delta_stride, REAL *gradient, REAL *parameters, REAL *first, REAL *second,                  \
   const struct ckernels_adam *adam, ptrdiff_t columns, REAL *target, ptrdiff_t target_panel)
#define TRANSPOSE(REAL)                                                                                  \
  (const REAL *panel, ptrdiff_t inputs, ptrdiff_t columns, REAL *target, ptrdiff_t target_panel)

#define ELEMENTS(REAL) (REAL * values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, int activation)
#define SLOPES(REAL)                                                                                     \
  (const REAL *input, const REAL *output, REAL *gradient, ptrdiff_t rows, ptrdiff_t count,               \
   ptrdiff_t stride, int activation)
#define LOSS(REAL)                                                                                       \
  (const REAL *logits, ptrdiff_t stride, const REAL *targets, ptrdiff_t target_stride, ptrdiff_t rows,   \
   ptrdiff_t count, REAL scale, REAL *gradient)
#define PRODUCT                                                                                          \
  (const double *a, ptrdiff_t rows, ptrdiff_t a_row, ptrdiff_t a_inner, const double *b,                 \
   ptrdiff_t inner, ptrdiff_t b_inner, double *y, ptrdiff_t columns, ptrdiff_t y_row)

#define MINIMA                                                                                           \
  (const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride, const float *packed,             \
   const float *bias, ptrdiff_t columns, float *minima, ptrdiff_t stride)

struct table {
  void (*dense_float) LAYER(float);
  void (*dense_double) LAYER(double);
  void (*pieces_float) PIECES(float);
  void (*pieces_double) PIECES(double);
  void (*update_float) UPDATE(float);
  void (*update_double) UPDATE(double);
  void (*transpose_float) TRANSPOSE(float);
  void (*transpose_double) TRANSPOSE(double);
  void (*activate_float) ELEMENTS(float);
  void (*activate_double) ELEMENTS(double);
  void (*activation_gradient_float) SLOPES(float);
  void (*activation_gradient_double) SLOPES(double);
  double (*bernoulli_float) LOSS(float);
  double (*bernoulli_double) LOSS(double);
  void (*bucket_minima) MINIMA;
  float (*smallest)(const float *, ptrdiff_t);
  ptrdiff_t (*at_most)(const float *, ptrdiff_t, float, int *);
  void (*accumulate) PRODUCT;
  void (*normal_pairs)(const double *, const double *, ptrdiff_t, double *);
  void (*exponentials)(double *, ptrdiff_t);
  void (*logarithms)(double *, ptrdiff_t);
  double (*exp)(double);
  double (*log)(double);
  double (*log1p)(double);
  double (*tanh)(double);
  double (*erf)(double);
  double (*logistic)(double);
  double (*softplus)(double);
  double (*pow)(double, double);
  void (*turn)(double, double *, double *);
  void (*normal_pair)(double, double, double *, double *);
};

#define TABLE(isa, scalar)                                                                               \
  {                                                                                                      \
    dense_f32_##isa, dense_f64_##isa, pieces_f32_##isa, pieces_f64_##isa, update_f32_##isa,              \
        update_f64_##isa, transpose_f32_##isa, transpose_f64_##isa, activate_f32_##isa,                  \
        activate_f64_##isa, activation_gradient_f32_##isa, activation_gradient_f64_##isa,                \
        bernoulli_f32_##isa, bernoulli_f64_##isa, bucket_minima_f32_##isa, smallest_f32_##isa,           \
        at_most_f32_##isa, accumulate_f64_##isa, normal_pairs_f64_##isa, exponentials_f64_##isa,         \
        logarithms_f64_##isa,                                                                            \
        plain_exp_##scalar, plain_log_##scalar, plain_log1p_##scalar, plain_tanh_##scalar,               \
        plain_erf_##scalar, plain_logistic_##scalar, plain_softplus_##scalar, plain_pow_##scalar,        \
        plain_turn_##scalar, plain_normal_pair_##scalar                                                  \
  }

// The place of a table is the instruction set's number less one.
static const struct table tables[] = {
    TABLE(portable, scalar_portable),
#if defined(__x86_64__)
    TABLE(avx2, scalar_avx2),
    TABLE(avx512, scalar_avx2),
#elif defined(CKERNELS_WIDE)
    {0},
    {0},
#endif
#ifdef CKERNELS_WIDE
    TABLE(wide, scalar_portable),
#endif
};

// The table is reached through a pointer, because ifunc crashes under the thread sanitizer.
static const struct table *current = &tables[0];
static int selected = ckernels_portable;

int ckernels_select(int instruction_set) {
  if (instruction_set == ckernels_automatic)
    for (selected = ckernels_avx512; !ckernels_has(selected);) selected--;
  else if (ckernels_has(instruction_set))
    selected = instruction_set;
  current = &tables[selected - 1];
  return selected;
}

int ckernels_selected(void) { return selected; }

__attribute__((constructor)) static void select_at_start(void) { ckernels_select(ckernels_automatic); }

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
  void ckernels_pieces_##REAL PIECES(REAL) {                                                             \
    current->pieces_##REAL(x, from, from_stride, rows, pieces, length, packed, bias, columns, y, to,     \
                           activation);                                                                  \
  }                                                                                                      \
  void ckernels_update_##REAL UPDATE(REAL) {                                                             \
    current->update_##REAL(x, rows, inputs, x_stride, delta, delta_stride, gradient, parameters, first,  \
                           second, adam, columns, target, target_panel);                                                                \
  }                                                                                                      \
  void ckernels_transpose_##REAL TRANSPOSE(REAL) {                                                       \
    current->transpose_##REAL(panel, inputs, columns, target, target_panel);                             \
  }                                                                                                      \
  void ckernels_activate_##REAL ELEMENTS(REAL) {                                                         \
    current->activate_##REAL(values, rows, count, stride, activation);                                   \
  }                                                                                                      \
  void ckernels_activation_gradient_##REAL SLOPES(REAL) {                                                \
    current->activation_gradient_##REAL(input, output, gradient, rows, count, stride, activation);       \
  }                                                                                                      \
  double ckernels_bernoulli_##REAL LOSS(REAL) {                                                          \
    return current->bernoulli_##REAL(logits, stride, targets, target_stride, rows, count, scale,         \
                                     gradient);                                                          \
  }
ENTRIES(float)
ENTRIES(double)

void ckernels_bucket_minima MINIMA {
  current->bucket_minima(x, rows, inner, x_stride, packed, bias, columns, minima, stride);
}

float ckernels_smallest(const float *values, ptrdiff_t count) { return current->smallest(values, count); }

ptrdiff_t ckernels_at_most(const float *values, ptrdiff_t count, float threshold, int *found) {
  return current->at_most(values, count, threshold, found);
}

void ckernels_accumulate PRODUCT {
  current->accumulate(a, rows, a_row, a_inner, b, inner, b_inner, y, columns, y_row);
}

#define FUNCTION(name, function) \
  double ckernels_##name(double x) { return current->function(x); }
FUNCTION(exponential, exp)
FUNCTION(logarithm, log)
FUNCTION(logarithm_of_sum, log1p)
FUNCTION(hyperbolic_tangent, tanh)
FUNCTION(error_function, erf)
FUNCTION(logistic_function, logistic)
FUNCTION(softplus_function, softplus)
double ckernels_power(double x, double y) { return current->pow(x, y); }
void ckernels_turn(double t, double *sine, double *cosine) { current->turn(t, sine, cosine); }
void ckernels_normal_pair(double u, double v, double *first, double *second) {
  current->normal_pair(u, v, first, second);
}
void ckernels_normal_pairs(const double *u, const double *v, ptrdiff_t count, double *normal) {
  current->normal_pairs(u, v, count, normal);
}
void ckernels_exponentials(double *values, ptrdiff_t count) { current->exponentials(values, count); }
void ckernels_logarithms(double *values, ptrdiff_t count) { current->logarithms(values, count); }
