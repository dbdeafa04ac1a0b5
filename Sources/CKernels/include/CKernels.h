#ifndef CKERNELS_H
#define CKERNELS_H
// Fused dense layers and the elementwise functions of inference and training.
//
// Every output of a dense layer is one sum in a fixed order, whatever the number of rows in the call. So results do
// not depend on how members are grouped into blocks. The instruction set is chosen at run time. All instruction sets
// and processors give the same bits: products and sums are fused only where the source says so, sums have an order that
// does not depend on the width of a vector, and functions consist of such operations alone.

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

// Instruction sets.
enum {
  // The best that the processor has.
  ckernels_automatic = 0,
  // On any processor. Slow on x86-64, where the C library multiplies and adds each element.
  ckernels_portable = 1,
  // AVX2 with FMA.
  ckernels_avx2 = 2,
  // AVX-512 (F, VL, DQ and BW).
  ckernels_avx512 = 3,
  // With CKERNELS_WIDE defined only: AVX-512's vectors and tiles in other instructions, for tests.
  ckernels_wide = 4,
};

// Whether the processor has an instruction set.
int ckernels_has(int instruction_set);

// Selects an instruction set and returns the one in use: the former one, if the processor lacks the one asked for. The
// best one is in use at the start. No other thread may compute meanwhile.
int ckernels_select(int instruction_set);

// The instruction set in use.
int ckernels_selected(void);

// Packs weights[columns][inner] as packed[panel][inner][panel width]. Elements beyond the last column are zero.
void ckernels_pack_float(const float *weights, ptrdiff_t columns, ptrdiff_t inner, float *packed);
void ckernels_pack_double(const double *weights, ptrdiff_t columns, ptrdiff_t inner, double *packed);

// y[r][c] = activation(bias[c] + sum_k x[r][k] weights[c][k]).
// Columns up to the end of the last panel are written, and `bias` is read that far.
void ckernels_dense_float(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                          const float *packed, const float *bias, ptrdiff_t columns, float *y,
                          ptrdiff_t y_stride, int activation);
void ckernels_dense_double(const double *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                           const double *packed, const double *bias, ptrdiff_t columns, double *y,
                           ptrdiff_t y_stride, int activation);

// The same of rows that lie in pieces, for at least one row and piece. Row r consists of `pieces` pieces of `length`
// elements: piece p begins at x + from[p * from_stride + r]. Its outputs, whole panels, go to y + to[r].
void ckernels_pieces_float(const float *x, const ptrdiff_t *from, ptrdiff_t from_stride, ptrdiff_t rows,
                           ptrdiff_t pieces, ptrdiff_t length, const float *packed, const float *bias,
                           ptrdiff_t columns, float *y, const ptrdiff_t *to, int activation);
void ckernels_pieces_double(const double *x, const ptrdiff_t *from, ptrdiff_t from_stride, ptrdiff_t rows,
                            ptrdiff_t pieces, ptrdiff_t length, const double *packed, const double *bias,
                            ptrdiff_t columns, double *y, const ptrdiff_t *to, int activation);

// The constants of a step of Adam (Kingma and Ba 2015). `rate` includes the bias correction of the first moment,
// and second_correction = 1 / sqrt(1 - beta2^t).
struct ckernels_adam {
  double rate, second_correction, beta1, beta2, epsilon;
};

// The gradient of one panel of a layer's parameters, and one step of Adam with it. The panel is [inputs + 1][panel
// width]: packed weights, then the bias. The gradient and both moments have the same shape.
//     gradient[i][c] = sum_r x[r][i] delta[r][c],   of the bias: sum_r delta[r][c]
// If `gradient` is null, it is not kept, and parameters and moments are updated tile by tile. Otherwise it is
// written and nothing is updated. Delta's columns are read up to the end of the panel. If parameters are updated
// and `target` is not null, `target` receives the new weights as ckernels_transpose_float or _double would write
// them.
void ckernels_update_float(const float *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride,
                           const float *delta, ptrdiff_t delta_stride, float *gradient, float *parameters,
                           float *first, float *second, const struct ckernels_adam *adam, ptrdiff_t columns,
                           float *target, ptrdiff_t target_panel);
void ckernels_update_double(const double *x, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t x_stride,
                            const double *delta, ptrdiff_t delta_stride, double *gradient,
                            double *parameters, double *first, double *second,
                            const struct ckernels_adam *adam, ptrdiff_t columns, double *target,
                            ptrdiff_t target_panel);

// Writes the panel's first `columns` columns as rows of the transposed weights in packed form, which the product
// delta W needs:
//     target[i / width][c][i % width] = panel[i][c],   zero for i >= inputs up to the end of the panel.
// Panels of `target` are `target_panel` elements apart, and `target` is aligned to 64 bytes.
void ckernels_transpose_float(const float *panel, ptrdiff_t inputs, ptrdiff_t columns, float *target,
                              ptrdiff_t target_panel);
void ckernels_transpose_double(const double *panel, ptrdiff_t inputs, ptrdiff_t columns, double *target,
                               ptrdiff_t target_panel);

// values[i] = activation(values[i]), for `count` elements of each row.
void ckernels_activate_float(float *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                             int activation);
void ckernels_activate_double(double *values, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                              int activation);

// gradient[i] *= activation'(input[i]), for `count` elements of each row. `output` holds activation(input). All
// three have the same stride. tanh and logistic use `output` only, the others `input` only. For relu, `input` may
// be the input or the output.
void ckernels_activation_gradient_float(const float *input, const float *output, float *gradient,
                                        ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride, int activation);
void ckernels_activation_gradient_double(const double *input, const double *output, double *gradient,
                                         ptrdiff_t rows, ptrdiff_t count, ptrdiff_t stride,
                                         int activation);

// Bernoulli cross-entropy: returns sum_i softplus(logit_i) - target_i logit_i over `count` elements of each row, in
// nats. If `gradient` is not null, gradient[i] = scale (logistic(logit_i) - target_i), with the logits' stride. It
// may be the same memory as the logits.
double ckernels_bernoulli_float(const float *logits, ptrdiff_t stride, const float *targets,
                                ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, float scale,
                                float *gradient);
double ckernels_bernoulli_double(const double *logits, ptrdiff_t stride, const double *targets,
                                 ptrdiff_t target_stride, ptrdiff_t rows, ptrdiff_t count, double scale,
                                 double *gradient);

enum {
  // The columns of a chunk, and the buckets that they are divided into: a bucket has the columns with the same
  // remainder.
  ckernels_bucket_chunk = 256,
  ckernels_buckets = 16,
  // The number of rows in a buffer must be a multiple of this.
  ckernels_bucket_rows = 42,
};

// minima[r][i * buckets + j] is the minimum, over the columns c of chunk i with c mod buckets = j, of bias[c] +
// sum_k x[r][k] weights[c][k]. NaN is left out. Each sum has a fixed order and is not split into chunks of terms.
// `columns` is a multiple of the chunk. Rows up to the next multiple of ckernels_bucket_rows must be readable and
// writable.
void ckernels_bucket_minima(const float *x, ptrdiff_t rows, ptrdiff_t inner, ptrdiff_t x_stride,
                            const float *packed, const float *bias, ptrdiff_t columns, float *minima,
                            ptrdiff_t stride);

// The smallest value, with NaN left out; infinity if nothing remains.
float ckernels_smallest(const float *values, ptrdiff_t count);

// Writes the indices of the values that are at most `threshold` to `found`, ascending, and returns their number.
ptrdiff_t ckernels_at_most(const float *values, ptrdiff_t count, float threshold, int *found);

// y[r][c] += sum_k a[r][k] b[k][c], summed over `inner` in chunks of 256 terms, one after another. Elements of `a` are
// a_row apart along r and a_inner along k, so that it may be transposed; b's and y's rows are b_inner and y_row apart.
void ckernels_accumulate(const double *a, ptrdiff_t rows, ptrdiff_t a_row, ptrdiff_t a_inner, const double *b,
                         ptrdiff_t inner, ptrdiff_t b_inner, double *y, ptrdiff_t columns, ptrdiff_t y_row);

// The eigenvalues of a symmetric matrix [n][n] in descending order, and its eigenvectors, of length 1, which take the
// matrix's place, one in each row. `beside` is memory for n numbers. Returns 0 for numbers of 2^1000 and more, and if the
// method does not converge.
int ckernels_symmetric_eigensystem(ptrdiff_t n, double *matrix, double *values, double *beside);

// Functions of single numbers, with the bits that vectors of them have.
double ckernels_exponential(double x);
double ckernels_logarithm(double x);
// ln(1 + x)
double ckernels_logarithm_of_sum(double x);
double ckernels_hyperbolic_tangent(double x);
double ckernels_error_function(double x);
// 1 / (1 + e^-x)
double ckernels_logistic_function(double x);
// ln(1 + e^x)
double ckernels_softplus_function(double x);
// x^y; for x < 0 only for whole y, |y| < 2^51.
double ckernels_power(double x, double y);
// sin and cos of 2 pi t, |t| < 2^48.
void ckernels_turn(double t, double *sine, double *cosine);
// Two independent standard normal numbers from two uniform ones in (0, 1).
void ckernels_normal_pair(double u, double v, double *first, double *second);

// Of arrays, with the same bits: pairs from `count` numbers u and v, next to each other; e^x, and ln x, in place.
void ckernels_normal_pairs(const double *u, const double *v, ptrdiff_t count, double *normal);
void ckernels_exponentials(double *values, ptrdiff_t count);
void ckernels_logarithms(double *values, ptrdiff_t count);

#endif
