#ifndef CKERNELS_H
#define CKERNELS_H
// Fused dense layers and the elementwise functions of inference and training.
//
// Every output of a dense layer is one sum in a fixed order, whatever the number of rows in the call:
// results do not depend on how members are grouped into blocks. The instruction set is chosen at run
// time; results may differ in the last bits between instruction sets, never between calls.

#include <stddef.h>

enum {
  ckernels_identity = 0,
  ckernels_tanh = 1,
  ckernels_relu = 2,
  ckernels_gelu = 3,
  ckernels_softplus = 4,
  ckernels_logistic = 5,
};

enum {
  // Columns of one packed panel of weights.
  ckernels_panel_float = 32,
  ckernels_panel_double = 16,
  // Buffers hold a multiple of so many rows: a common multiple of all register tiles' heights.
  ckernels_row_multiple = 42,
};

// 0: automatic (the default), 1: portable, 2: AVX2 with FMA, 3: AVX-512. Asking for more than the
// processor has gives the best it has. Returns what is in use. For tests and benchmarks; not while
// other threads compute.
int ckernels_select(int instruction_set);

// packed[panel][inner][panel width] from weights[columns][inner]; zero beyond the last column.
void ckernels_pack_float(const float *weights, ptrdiff_t columns, ptrdiff_t inner, float *packed);
void ckernels_pack_double(const double *weights, ptrdiff_t columns, ptrdiff_t inner, double *packed);

// y[r][c] = activation(bias[c] + sum_k x[r][k] weights[c][k]).
// Rows up to the next multiple of the tile height are computed too and must be readable and writable
// (see ckernels_row_multiple); columns up to the next whole panel are written; bias has that length.
void ckernels_dense_float(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                          const float *packed, const float *bias, ptrdiff_t columns, float *y,
                          ptrdiff_t y_stride, int activation);
void ckernels_dense_double(const double *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                           const double *packed, const double *bias, ptrdiff_t columns, double *y,
                           ptrdiff_t y_stride, int activation);

// values[i] = activation(values[i]).
void ckernels_activate_float(float *values, ptrdiff_t count, int activation);
void ckernels_activate_double(double *values, ptrdiff_t count, int activation);

// gradient[i] *= activation'(input[i]); `output` holds activation(input).
void ckernels_activation_gradient_float(const float *input, const float *output, float *gradient,
                                        ptrdiff_t count, int activation);
void ckernels_activation_gradient_double(const double *input, const double *output, double *gradient,
                                         ptrdiff_t count, int activation);

// Bernoulli: returns sum_i softplus(logit_i) - target_i logit_i, in nats; where `gradient` is not
// null, gradient[i] = scale (logistic(logit_i) - target_i).
double ckernels_bernoulli_float(const float *logits, const float *targets, ptrdiff_t count,
                                float scale, float *gradient);
double ckernels_bernoulli_double(const double *logits, const double *targets, ptrdiff_t count,
                                 double scale, double *gradient);

// One step of Adam (Kingma and Ba 2015): rate includes the bias correction of the first moment,
// second_correction = 1 / sqrt(1 - beta2^t).
void ckernels_adam_float(float *parameters, const float *gradient, float *first, float *second,
                         ptrdiff_t count, float rate, float second_correction, float beta1,
                         float beta2, float epsilon);
void ckernels_adam_double(double *parameters, const double *gradient, double *first, double *second,
                          ptrdiff_t count, double rate, double second_correction, double beta1,
                          double beta2, double epsilon);

// Writes to `found` the columns c with norms[c] - 2 products[c] <= threshold; returns how many.
ptrdiff_t ckernels_candidates(const float *products, const float *norms, ptrdiff_t count,
                              float threshold, int *found);

// min over c of norms[c] - 2 products[c].
float ckernels_smallest_score(const float *products, const float *norms, ptrdiff_t count);

#endif
