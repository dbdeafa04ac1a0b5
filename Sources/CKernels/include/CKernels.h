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
};

// 0: automatic (the default), 1: portable, 2: AVX2 with FMA, 3: AVX-512. Asking for more than the
// processor has gives the best it has. Returns what is in use. For tests and benchmarks; not while
// other threads compute.
int ckernels_select(int instruction_set);

// packed[panel][inner][panel width] from weights[columns][inner]; zero beyond the last column.
void ckernels_pack_float(const float *weights, ptrdiff_t columns, ptrdiff_t inner, float *packed);
void ckernels_pack_double(const double *weights, ptrdiff_t columns, ptrdiff_t inner, double *packed);

// y[r][c] = activation(bias[c] + sum_k x[r][k] weights[c][k]).
// Columns up to the next whole panel are written; bias has that length.
void ckernels_dense_float(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                          const float *packed, const float *bias, ptrdiff_t columns, float *y,
                          ptrdiff_t y_stride, int activation);
void ckernels_dense_double(const double *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                           const double *packed, const double *bias, ptrdiff_t columns, double *y,
                           ptrdiff_t y_stride, int activation);

// Adam's constants (Kingma and Ba 2015); rate includes the bias correction of the first moment,
// second_correction = 1 / sqrt(1 - beta2^t).
struct ckernels_adam {
  double rate, second_correction, beta1, beta2, epsilon;
};

// The gradient of one panel of a layer's parameters, and one step of Adam with it. The panel is
// [inputs + 1][panel width]: packed weights, then the bias; so are gradient and both moments of Adam.
//   gradient[i][c] = sum_r x[r][i] delta[r][c],   of the bias: sum_r delta[r][c]
// Where `gradient` is null, it is not kept: parameters and moments are updated tile by tile. Where it is
// not, it is written, and nothing is updated. Delta's columns are read up to the whole panel. Where
// `target` is not null, it receives the updated weights as from ckernels_transpose_float.
void ckernels_update_float(const float *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride,
                           const float *delta, ptrdiff_t delta_stride, float *gradient, float *parameters,
                           float *first, float *second, const struct ckernels_adam *adam, ptrdiff_t columns,
                           float *target, ptrdiff_t target_panel);
void ckernels_update_double(const double *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride,
                            const double *delta, ptrdiff_t delta_stride, double *gradient,
                            double *parameters, double *first, double *second,
                            const struct ckernels_adam *adam, ptrdiff_t columns, double *target,
                            ptrdiff_t target_panel);

// The panel's first `columns` columns as rows of the transposed weights in packed form, for delta W:
//   target[i / width][c][i % width] = panel[i][c],   zero for i >= inputs up to the whole panel,
// where panels of `target` are `target_panel` elements apart; aligned to 64 bytes.
void ckernels_transpose_float(const float *panel, ptrdiff_t inputs, ptrdiff_t columns, float *target,
                              ptrdiff_t target_panel);
void ckernels_transpose_double(const double *panel, ptrdiff_t inputs, ptrdiff_t columns, double *target,
                               ptrdiff_t target_panel);

// values[i] = activation(values[i]), for `count` elements of each row.
void ckernels_activate_float(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                             int activation);
void ckernels_activate_double(double *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                              int activation);

// gradient[i] *= activation'(input[i]), for `count` elements of each row; `output` holds
// activation(input). All three have the same stride. tanh and logistic read `output` alone, the others
// `input` alone; relu takes either for `input`.
void ckernels_activation_gradient_float(const float *input, const float *output, float *gradient,
                                        ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, int activation);
void ckernels_activation_gradient_double(const double *input, const double *output, double *gradient,
                                         ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                         int activation);

// Bernoulli: returns sum_i softplus(logit_i) - target_i logit_i over `count` elements of each row, in
// nats; where `gradient` is not null, gradient[i] = scale (logistic(logit_i) - target_i), with the logits'
// stride; it may be the logits themselves.
double ckernels_bernoulli_float(const float *logits, ptrdiff_t stride, const float *targets,
                                ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, float scale,
                                float *gradient);
double ckernels_bernoulli_double(const double *logits, ptrdiff_t stride, const double *targets,
                                 ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, double scale,
                                 double *gradient);

enum {
  // Columns of a chunk; each of its buckets holds those that leave the same remainder.
  ckernels_bucket_chunk = 256,
  ckernels_buckets = 16,
  // Rows that reach the search for minima are padded to a multiple of this.
  ckernels_bucket_rows = 42,
};

// minima[r][i * buckets + j] = min over the columns c of chunk i with c mod buckets = j of
// bias[c] + sum_k x[r][k] weights[c][k], NaN left out; each sum in one order, without chunks of terms.
// `columns` is a multiple of the chunk. Rows up to the next multiple of ckernels_bucket_rows must be
// readable and writable.
void ckernels_bucket_minima(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                            const float *packed, const float *bias, ptrdiff_t columns, float *minima,
                            ptrdiff_t stride);

// The smallest value, NaN left out; infinity where there is none.
float ckernels_smallest(const float *values, ptrdiff_t count);

// Writes to `found` the indices of the values up to `threshold`, ascending; returns how many.
ptrdiff_t ckernels_at_most(const float *values, ptrdiff_t count, float threshold, int *found);

#endif
