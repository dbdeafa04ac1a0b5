// Every kernel of CKernels, under every instruction set of this processor, over odd edges, in heap memory of
// exactly the documented sizes, against plain loops in long double. For Scripts/sanitize.sh, which compiles
// it with the address sanitizer: that sees reads and writes on both sides of each buffer, and of the stack.
#include "../Sources/CKernels/kernels.c"

#include <math.h>

#include <stdio.h>
#include <stdlib.h>

static long checks = 0, failures = 0;
static int isa = 0;

static void expect(int is_met, const char *what, long a, long b, long c) {
  checks++;
  if (is_met) return;
  if (failures++ < 20) printf("instruction set %d: %s [%ld, %ld, %ld]\n", isa, what, a, b, c);
}

static double uniform(void) {
  static unsigned long state = 88172645463325252UL;  // Marsaglia's xorshift
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (double)(float)((double)(state >> 40) * 0x1p-23 - 1);  // in [-1, 1), a float
}

static long double activated(long double x, int activation) {
  switch (activation) {
  case ckernels_tanh: return tanhl(x);
  case ckernels_relu: return x < 0 ? 0 : x;
  case ckernels_gelu: return 0.5L * x * (1 + erfl(x * sqrtl(0.5L)));
  case ckernels_softplus: return fmaxl(x, 0) + log1pl(expl(-fabsl(x)));
  case ckernels_logistic: return 1 / (1 + expl(-x));
  default: return x;
  }
}

static long double slope_at(long double x, int activation) {
  const long double h = 0x1p-16L;  // central difference: error below h^2 / 6 times the third derivative (< 3)
  if (activation == ckernels_relu) return x > 0;
  return (activated(x + h, activation) - activated(x - h, activation)) / (2 * h);
}

static const long edges[] = {1, 2, 3, 5, 6, 7, 13, 14, 15, 16, 17, 29, 31, 32, 33, 43, 65};
#define EACH(i, list) for (size_t i = 0; i < sizeof list / sizeof *list; i++)

// U is the unit roundoff. A sum of n products errs by at most (n + 4) U sum |a||b| in any order (Higham
// 2002, section 3.1); functions by at most FUNCTION relatively to max(1, |f|) and their slope is below 1.13.
#define KERNELS(REAL, PANEL, U, FUNCTION)                                                                        \
  static REAL *numbers_##REAL(long count) {                                                                      \
    void *memory = 0;                                                                                            \
    if (posix_memalign(&memory, 64, (size_t)(count > 0 ? count : 1) * sizeof(REAL))) abort();                    \
    REAL *p = memory;                                                                                            \
    for (long i = 0; i < count; i++) p[i] = (REAL)uniform();                                                     \
    return p;                                                                                                    \
  }                                                                                                              \
  static void dense_##REAL(long rows, long inner, long columns, int activation) {                                \
    const long width = padded(columns, PANEL), xs = inner + rows % 3, ys = width + inner % 3;                    \
    REAL *x = numbers_##REAL((rows - 1) * xs + inner), *w = numbers_##REAL(columns * inner);                     \
    REAL *packed = numbers_##REAL(width * inner), *bias = numbers_##REAL(width);                                 \
    REAL *y = numbers_##REAL((rows - 1) * ys + width);                                                           \
    ckernels_pack_##REAL(w, columns, inner, packed);                                                             \
    ckernels_dense_##REAL(x, rows, inner, xs, packed, bias, columns, y, ys, activation);                         \
    for (long r = 0; r < rows; r++)                                                                              \
      for (long c = 0; c < columns; c++) {                                                                       \
        long double sum = bias[c], size = fabsl(sum);                                                            \
        for (long k = 0; k < inner; k++) {                                                                       \
          const long double term = (long double)x[r * xs + k] * w[c * inner + k];                                \
          sum += term, size += fabsl(term);                                                                      \
        }                                                                                                        \
        const long double f = activated(sum, activation);                                                        \
        const long double bound = 1.13L * (long double)(inner + 4) * U * size + FUNCTION * fmaxl(1, fabsl(f));   \
        expect(fabsl(y[r * ys + c] - f) <= bound, "dense " #REAL, rows, inner, columns);                         \
      }                                                                                                          \
    free(x), free(w), free(packed), free(bias), free(y);                                                         \
  }                                                                                                              \
  /* The gradient alone, then the first step of Adam, whose moments are known fractions of it. */                \
  static void update_##REAL(long rows, long inputs, long columns) {                                              \
    const long xs = inputs + rows % 3, ds = PANEL + inputs % 2, count = (inputs + 1) * PANEL;                    \
    const long target_panel = columns * PANEL, target_count = padded(inputs, PANEL) * columns;                   \
    REAL *x = numbers_##REAL((rows - 1) * xs + inputs), *delta = numbers_##REAL((rows - 1) * ds + PANEL);        \
    REAL *g = numbers_##REAL(count), *p = numbers_##REAL(count), *start = malloc((size_t)count * sizeof(REAL));  \
    REAL *m = calloc((size_t)count, sizeof(REAL)), *v = calloc((size_t)count, sizeof(REAL));                     \
    REAL *target = numbers_##REAL(target_count), *again = numbers_##REAL(target_count);                          \
    memcpy(start, p, (size_t)count * sizeof(REAL));                                                              \
    const struct ckernels_adam adam = {0.125, 1 / sqrt(0.001), 0.9, 0.999, 1e-8};                                \
    ckernels_update_##REAL(x, rows, inputs, xs, delta, ds, g, p, m, v, &adam, columns, target, target_panel);    \
    expect(!memcmp(p, start, (size_t)count * sizeof(REAL)), "untouched " #REAL, rows, inputs, columns);          \
    ckernels_update_##REAL(x, rows, inputs, xs, delta, ds, 0, p, m, v, &adam, columns, target, target_panel);    \
    for (long i = 0; i <= inputs; i++)                                                                           \
      for (long c = 0; c < PANEL; c++) {                                                                         \
        long double sum = 0, size = 0;                                                                           \
        for (long r = 0; r < rows; r++) {                                                                        \
          const long double term = (i < inputs ? (long double)x[r * xs + i] : 1) * delta[r * ds + c];            \
          sum += term, size += fabsl(term);                                                                      \
        }                                                                                                        \
        const REAL gradient = g[i * PANEL + c];                                                                  \
        expect(fabsl(gradient - sum) <= (long double)(rows + 4) * U * size, "gradient " #REAL, rows, inputs, c); \
        /* 1 - beta2 in this precision errs by U / 0.001 relatively. */                                          \
        const long double first = 0.1L * gradient, second = 0.001L * gradient * gradient;                        \
        expect(fabsl(m[i * PANEL + c] - first) <= 20 * U * fabsl(first), "m " #REAL, rows, inputs, c);           \
        expect(fabsl(v[i * PANEL + c] - second) <= 1100 * U * second, "v " #REAL, rows, inputs, c);              \
        const long double step = 0.125L * first / (sqrtl(second) / sqrtl(0.001L) + 1e-8L);                       \
        expect(fabsl(start[i * PANEL + c] - step - p[i * PANEL + c]) <= 600 * U * fabsl(step) + 2 * U,           \
               "Adam " #REAL, rows, inputs, c);                                                                  \
      }                                                                                                          \
    ckernels_transpose_##REAL(p, inputs, columns, again, target_panel);                                          \
    expect(!memcmp(target, again, (size_t)target_count * sizeof(REAL)), "moved " #REAL, rows, inputs, columns);  \
    for (long i = 0; i < padded(inputs, PANEL); i++)                                                             \
      for (long c = 0; c < columns; c++)                                                                         \
        expect(again[i / PANEL * target_panel + c * PANEL + i % PANEL] == (i < inputs ? p[i * PANEL + c] : 0),   \
               "transpose " #REAL, inputs, columns, i);                                                          \
    free(x), free(delta), free(g), free(p), free(start), free(m), free(v), free(target), free(again);            \
  }                                                                                                              \
  static void elementwise_##REAL(long rows, long count) {                                                        \
    const long stride = count + rows % 3, all = (rows - 1) * stride + count;                                     \
    REAL *x = numbers_##REAL(all), *y = numbers_##REAL(all), *d = numbers_##REAL(all);                           \
    for (long i = 0; i < all; i++) x[i] *= 9;                                                                    \
    for (int a = 0; a <= ckernels_logistic; a++) {                                                               \
      memcpy(y, x, (size_t)all * sizeof(REAL));                                                                  \
      for (long i = 0; i < all; i++) d[i] = 1;                                                                   \
      ckernels_activate_##REAL(y, rows, count, stride, a);                                                       \
      if (a > 0) ckernels_activation_gradient_##REAL(x, y, d, rows, count, stride, a);                           \
      for (long i = 0; i < all; i++) {                                                                           \
        const int is_between = i % stride >= count;                                                              \
        const long double f = is_between ? x[i] : activated(x[i], a);                                            \
        const long double s = is_between || a == 0 ? 1 : slope_at(x[i], a);                                      \
        expect(fabsl(y[i] - f) <= FUNCTION * fmaxl(1, fabsl(f)), "function " #REAL, rows, count, a);             \
        expect(fabsl(d[i] - s) <= 4 * FUNCTION + 0x1p-32L, "slope " #REAL, rows, count, a);                      \
      }                                                                                                          \
    }                                                                                                            \
    memcpy(y, x, (size_t)all * sizeof(REAL));                                                                    \
    const double loss = ckernels_bernoulli_##REAL(y, stride, d, stride, rows, count, (REAL)0.5, y);              \
    long double sum = 0, size = 0;                                                                               \
    for (long i = 0; i < all; i++) {                                                                             \
      if (i % stride >= count) {                                                                                 \
        expect(y[i] == x[i], "between rows " #REAL, rows, count, i);                                             \
        continue;                                                                                                \
      }                                                                                                          \
      sum += activated(x[i], ckernels_softplus) - (long double)d[i] * x[i];                                      \
      size += fmaxl(1, activated(x[i], ckernels_softplus)) + fabsl((long double)d[i] * x[i]);                    \
      expect(fabsl(y[i] - 0.5L * (activated(x[i], ckernels_logistic) - d[i])) <= FUNCTION, "delta " #REAL, rows, \
             count, i);                                                                                          \
    }                                                                                                            \
    expect(fabsl(loss - sum) <= (2 * FUNCTION + (long double)all * 0x1p-53L) * size, "loss " #REAL, rows, count, \
           0);                                                                                                   \
    free(x), free(y), free(d);                                                                                   \
  }
KERNELS(float, ckernels_panel_float, 0x1p-24L, 1.5e-6L)
KERNELS(double, ckernels_panel_double, 0x1p-53L, 2e-15L)

static void search(long rows, long inner, long columns) {
  const long full = padded(rows, ckernels_bucket_rows), xs = inner + rows % 2;
  const long stride = columns / ckernels_bucket_chunk * ckernels_buckets;
  float *x = numbers_float(full * xs), *w = numbers_float(columns * inner), *bias = numbers_float(columns);
  float *packed = numbers_float(columns * inner), *minima = numbers_float(full * stride);
  ckernels_pack_float(w, columns, inner, packed);
  ckernels_bucket_minima(x, rows, inner, xs, packed, bias, columns, minima, stride);
  for (long r = 0; r < rows; r++) {
    for (long j = 0; j < stride; j++) {
      long double least = INFINITY, bound = 0;
      const long chunk = j / ckernels_buckets * ckernels_bucket_chunk;
      for (long c = chunk + j % ckernels_buckets; c < chunk + ckernels_bucket_chunk; c += ckernels_buckets) {
        long double sum = bias[c], size = fabsl(sum);
        for (long k = 0; k < inner; k++) {
          const long double term = (long double)x[r * xs + k] * w[c * inner + k];
          sum += term, size += fabsl(term);
        }
        least = fminl(least, sum);
        bound = fmaxl(bound, (long double)(inner + 4) * 0x1p-24L * size);
      }
      expect(fabsl(minima[r * stride + j] - least) <= bound, "minimum", rows, inner, j);
    }
    const long count = stride - r % stride;  // lengths with a tail
    float *values = malloc((size_t)count * sizeof(float)), least = INFINITY;
    int *found = malloc((size_t)count * sizeof(int));
    memcpy(values, minima + r * stride, (size_t)count * sizeof(float));
    long number = 0;
    for (long i = 0; i < count; i++) least = fminf(least, values[i]);
    expect(ckernels_smallest(values, count) == least, "smallest", r, count, 0);
    const long hits = ckernels_at_most(values, count, least / 2, found);
    for (long i = 0; i < count; i++)
      if (values[i] <= least / 2) expect(number < hits && found[number] == i, "found", r, count, i), number++;
    expect(number == hits, "number found", r, count, hits);
    free(values), free(found);
  }
  free(x), free(w), free(bias), free(packed), free(minima);
}

// Products that are added to what is there, of plain and of transposed matrices.
static void product(long rows, long inner, long columns, int is_transposed) {
  const long bs = columns + rows % 3, ys = columns + inner % 2, last = (rows - 1) * ys + columns;
  double *a = numbers_double(rows * inner), *b = numbers_double((inner - 1) * bs + columns);
  double *y = numbers_double(last), *former = malloc((size_t)last * sizeof(double));
  memcpy(former, y, (size_t)last * sizeof(double));
  const long a_row = is_transposed ? 1 : inner, a_inner = is_transposed ? rows : 1;
  ckernels_accumulate(a, rows, a_row, a_inner, b, inner, bs, y, columns, ys);
  for (long r = 0; r < rows; r++)
    for (long c = 0; c < ys && r * ys + c < last; c++) {
      long double sum = former[r * ys + c], size = fabsl(sum);
      for (long k = 0; c < columns && k < inner; k++) {
        const long double term = (long double)a[r * a_row + k * a_inner] * b[k * bs + c];
        sum += term, size += fabsl(term);
      }
      const long double bound = c < columns ? (long double)(inner + 4) * 0x1p-53L * size : 0;
      expect(fabsl(y[r * ys + c] - sum) <= bound, "product", rows, inner, columns);
    }
  free(a), free(b), free(y), free(former);
}

// Functions of single numbers, to a few units of the last place; extremes, for the sanitizer of undefined behaviour.
static void functions(void) {
  for (long i = 0; i < 2000; i++) {
    const double x = 20 * uniform();
    double s, c;
    ckernels_turn(x, &s, &c);
#define CLOSE(value, exact) expect(fabsl((value) - (exact)) <= 3 * 0x1p-52L * fabsl(exact) + 2e-19L, #exact, i, 0, 0)
    CLOSE(ckernels_exponential(x), expl(x));
    CLOSE(ckernels_logarithm(fabs(x)), logl(fabs(x)));
    CLOSE(ckernels_logarithm_of_sum(fabs(x)), log1pl(fabs(x)));
    CLOSE(ckernels_hyperbolic_tangent(x), tanhl(x));
    CLOSE(ckernels_error_function(x), erfl(x));
    CLOSE(ckernels_power(fabs(x), x / 2), powl(fabs(x), x / 2));
    CLOSE(s, sinl(6.283185307179586476925L * (x - nearbyint(x))));
    CLOSE(c, cosl(6.283185307179586476925L * (x - nearbyint(x))));
#undef CLOSE
  }
  static const double extremes[] = {0, -0.0, 1, -1, 5e-324, 1e308, -1e308, INFINITY, -INFINITY, NAN, -NAN, 710, -750};
  EACH(i, extremes) {
    const double x = extremes[i];
    const double sum = ckernels_exponential(x) + ckernels_logarithm(x) + ckernels_logarithm_of_sum(x) +
                       ckernels_hyperbolic_tangent(x) + ckernels_error_function(x) + ckernels_softplus_function(x);
    EACH(j, extremes) expect(sum != 0 || ckernels_power(x, extremes[j]) != 2, "extremes", (long)i, (long)j, 0);
  }
}

int main(void) {
  static const long sums[] = {1, 2, 17, 255, 256, 257, 600}, few[] = {1, 2, 14, 15, 43, 100};
  int sets = 0;
  for (isa = ckernels_portable; isa <= ckernels_avx512; isa++) {
    if (ckernels_select(isa) != isa) continue;
    sets++;
    functions();
    EACH(r, edges) EACH(c, edges) EACH(k, sums) product(edges[r], sums[k], edges[c], (int)(r + c + k) % 2);
    EACH(r, edges)
      EACH(c, edges) {
        EACH(k, sums) {
          const int activation = (int)((r + c + k) % 6);
          dense_float(edges[r], sums[k], edges[c], activation);
          dense_double(edges[r], sums[k], edges[c], activation);
        }
        elementwise_float(edges[r], edges[c]);
        elementwise_double(edges[r], edges[c]);
      }
    EACH(r, sums)
      EACH(i, edges)
        EACH(c, few) {
          update_float(sums[r], edges[i], few[c] < 32 ? few[c] : 32);
          update_double(sums[r], edges[i], few[c] < 16 ? few[c] : 16);
        }
    EACH(r, few) {
      search(few[r], 1, 256);
      search(few[r], 20, 1024);
      search(few[r], 33, 512);
    }
  }
  printf("%ld checks under %d instruction sets, %ld failed\n", checks, sets, failures);
  return failures > 0;
}
