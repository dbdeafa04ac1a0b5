// Hashes of what every kernel and function of CKernels computes, one line each: NAME HASH. The lines are the same on
// every processor and for every instruction set; Scripts/check_kernel_bits.sh compares them with those in the
// repository.
//
//     kernel_bits            the instruction sets that this processor has, one a line
//     kernel_bits SET        the hashes for one of them
//
// `wide` has the vectors and tiles of AVX-512 in the instructions that every processor of its kind has.
#define CKERNELS_WIDE
#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,fma")))
#else
#define WIDE
#endif
#include "../Sources/CKernels/kernels.c"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const set_names[] = {"", "portable", "avx2", "avx512", "wide"};
static const char *const activations[] = {"identity", "tanh", "relu", "gelu", "softplus", "logistic"};

// FNV-1a of the bytes of numbers, least significant byte first; all NaN are one.
static uint64_t hash = 0;
static void begin(void) { hash = 14695981039346656037ULL; }
static void add_bits(uint64_t bits, int bytes) {
  for (int i = 0; i < bytes; i++) hash = (hash ^ (bits >> (8 * i) & 255)) * 1099511628211ULL;
}
static void add_double(double x) { add_bits(x == x ? (uint64_t)bits_of(x) : 0x7ff8000000000000ULL, 8); }
static void add_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  add_bits(x == x ? bits : 0x7fc00000, 4);
}
static void end(const char *name, const char *detail) {
  printf("%s%s%s %016llx\n", name, *detail ? "-" : "", detail, (unsigned long long)hash);
}

// Marsaglia's xorshift; `restart` gives the same numbers for each case.
static uint64_t state = 0;
static void restart(void) { state = 88172645463325252ULL; }
static uint64_t word(void) { return state ^= state << 13, state ^= state >> 7, state ^= state << 17; }
static double uniform(void) { return ((double)(word() >> 12) + 0.5) * 0x1p-52; }  // in (0, 1)
static double magnitude(int low, int high) {  // in [2^low, 2^high), evenly in the logarithm
  const int exponent = low + (int)(word() % (uint64_t)(high - low));
  return number_of((long long)((uint64_t)(exponent + 1023) << 52 | word() >> 12));
}
static double either(double x) { return word() & 1 ? x : -x; }

static void *memory(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!p) abort();
  memset(p, 0, (bytes + 127) / 64 * 64);
  return p;
}

#define EACH(count) for (int n = 0; n < (count); n++)
enum { draws = 20000 };

static void functions(void) {
#define SCALAR(name, argument)                                                                           \
  restart(), begin();                                                                                    \
  EACH(draws) add_double(ckernels_##name(argument));                                                     \
  end("function", #name);
  SCALAR(exponential, n % 2 ? 1460 * uniform() - 748 : either(magnitude(-60, 1)))
  SCALAR(logarithm, n % 2 ? magnitude(-1022, 1023) : 0.5 + 1.5 * uniform())
  SCALAR(logarithm_of_sum, n % 2 ? magnitude(-60, 60) : -uniform())
  SCALAR(hyperbolic_tangent, either(n % 2 ? 25 * uniform() : magnitude(-60, 1)))
  SCALAR(error_function, either(n % 2 ? 7 * uniform() : magnitude(-60, 1)))
  SCALAR(logistic_function, either(n % 2 ? 720 * uniform() : 8 * uniform()))
  SCALAR(softplus_function, either(n % 2 ? 720 * uniform() : 8 * uniform()))
#undef SCALAR
  restart(), begin();
  EACH(draws) {
    const double x = n % 2 ? magnitude(-40, 40) : uniform(), y = either(20 * uniform());
    add_double(ckernels_power(x, y));
  }
  end("function", "power");
  restart(), begin();
  EACH(draws) {
    double a, b;
    ckernels_turn(either(n % 2 ? 4 * uniform() : magnitude(-60, 20)), &a, &b);
    add_double(a), add_double(b);
  }
  end("function", "turn");
  restart(), begin();
  EACH(draws) {
    double a, b;
    ckernels_normal_pair(uniform(), uniform(), &a, &b);
    add_double(a), add_double(b);
  }
  end("function", "normal_pair");
  restart(), begin();
  const double extremes[] = {0, -0.0, 1, -1, 0x1p-1074, 0x1p-1022, 1e300, -1e300, 1 / 0.0, -1 / 0.0, 0 / 0.0, -3, 710, -750};
  const int count = (int)(sizeof extremes / sizeof *extremes);
  EACH(count) {
    const double x = extremes[n];
    add_double(ckernels_exponential(x)), add_double(ckernels_logarithm(x)), add_double(ckernels_logarithm_of_sum(x));
    add_double(ckernels_hyperbolic_tangent(x)), add_double(ckernels_error_function(x));
    add_double(ckernels_logistic_function(x)), add_double(ckernels_softplus_function(x));
    for (int j = 0; j < count; j++) add_double(ckernels_power(x, extremes[j]));
  }
  end("function", "extremes");
}

// What follows exists in both precisions.
#define KERNELS(REAL, PANEL)                                                                              \
  static REAL *numbers_##REAL(long count, double size) {                                                 \
    REAL *p = memory((size_t)count * sizeof(REAL));                                                       \
    for (long i = 0; i < count; i++) p[i] = (REAL)(size * (2 * uniform() - 1));                           \
    return p;                                                                                             \
  }                                                                                                       \
  static void add_all_##REAL(const REAL *p, long count) {                                                 \
    for (long i = 0; i < count; i++) add_##REAL(p[i]);                                                    \
  }                                                                                                       \
  static void elements_##REAL(int activation) {                                                           \
    const long count = 4099;                                                                              \
    restart(), begin();                                                                                   \
    REAL *x = numbers_##REAL(count, 12), *y = memory((size_t)count * sizeof(REAL));                       \
    for (long i = 0; i < count; i += 3) x[i] = (REAL)either(magnitude(-100, 7));                          \
    x[7] = (REAL)(1 / 0.0), x[8] = (REAL)(-1 / 0.0), x[9] = (REAL)(0 / 0.0), x[10] = 0, x[11] = (REAL)-0.0; \
    memcpy(y, x, (size_t)count * sizeof(REAL));                                                           \
    ckernels_activate_##REAL(y, 1, count, count, activation);                                             \
    add_all_##REAL(y, count);                                                                             \
    REAL *g = numbers_##REAL(count, 1);                                                                   \
    ckernels_activation_gradient_##REAL(x, y, g, 1, count, count, activation);                            \
    add_all_##REAL(g, count);                                                                             \
    end("activation-" #REAL, activations[activation]);                                                    \
    free(x), free(y), free(g);                                                                            \
  }                                                                                                       \
  static void losses_##REAL(void) {                                                                       \
    restart(), begin();                                                                                   \
    for (long count = 1; count < 70; count += count < 35 ? 1 : 7) {                                       \
      REAL *l = numbers_##REAL(3 * 72, 20), *x = numbers_##REAL(3 * 75, 1);                               \
      add_double(ckernels_bernoulli_##REAL(l, 72, x, 75, 3, count, (REAL)0.3, l));                        \
      add_all_##REAL(l, 3 * 72);                                                                          \
      free(l), free(x);                                                                                   \
    }                                                                                                     \
    end("loss", #REAL);                                                                                   \
  }                                                                                                       \
  static void layers_##REAL(int activation) {                                                             \
    const long inners[] = {1, 7, 256, 300, 515}, columns[] = {1, 16, 33, 70};                             \
    restart(), begin();                                                                                   \
    for (int i = 0; i < 5; i++)                                                                           \
      for (int c = 0; c < 4; c++)                                                                         \
        for (long rows = 1; rows < 20; rows += 6) {                                                       \
          const long inner = inners[i], width = padded(columns[c], PANEL), stride = inner + rows % 3;     \
          REAL *x = numbers_##REAL(rows * stride, 1), *w = numbers_##REAL(columns[c] * inner, 0.3);       \
          REAL *b = numbers_##REAL(width, 1), *y = memory((size_t)(rows * width) * sizeof(REAL));         \
          REAL *packed = memory((size_t)(width * inner) * sizeof(REAL));                                  \
          ckernels_pack_##REAL(w, columns[c], inner, packed);                                             \
          ckernels_dense_##REAL(x, rows, inner, stride, packed, b, columns[c], y, width, activation);     \
          for (long r = 0; r < rows; r++) add_all_##REAL(y + r * width, columns[c]);                      \
          free(x), free(w), free(b), free(y), free(packed);                                               \
        }                                                                                                 \
    end("layer-" #REAL, activations[activation]);                                                         \
  }                                                                                                       \
  static void updates_##REAL(void) {                                                                      \
    restart(), begin();                                                                                   \
    for (long rows = 1; rows < 600; rows = 3 * rows + 2)                                                  \
      for (long inputs = 1; inputs < 50; inputs = 2 * inputs + 3) {                                       \
        const long count = (inputs + 1) * PANEL, moved = padded(inputs, PANEL) * (PANEL - 1);             \
        REAL *x = numbers_##REAL(rows * inputs, 1), *d = numbers_##REAL(rows * PANEL, 0.1);               \
        REAL *p = numbers_##REAL(count, 1), *m = memory((size_t)count * sizeof(REAL));                    \
        REAL *v = memory((size_t)count * sizeof(REAL)), *g = memory((size_t)count * sizeof(REAL));        \
        REAL *t = memory((size_t)(moved + PANEL * PANEL) * sizeof(REAL));                                 \
        const struct ckernels_adam adam = {1e-3, 1.7, 0.9, 0.999, 1e-8};                                  \
        ckernels_update_##REAL(x, rows, inputs, inputs, d, PANEL, g, p, m, v, &adam, PANEL - 1, 0, 0);    \
        for (int step = 0; step < 3; step++)                                                              \
          ckernels_update_##REAL(x, rows, inputs, inputs, d, PANEL, 0, p, m, v, &adam, PANEL - 1, t,      \
                                 PANEL * (PANEL - 1));                                                    \
        add_all_##REAL(g, count), add_all_##REAL(p, count), add_all_##REAL(m, count);                     \
        add_all_##REAL(v, count), add_all_##REAL(t, moved);                                               \
        free(x), free(d), free(p), free(m), free(v), free(g), free(t);                                    \
      }                                                                                                   \
    end("update", #REAL);                                                                                 \
  }
KERNELS(float, ckernels_panel_float)
KERNELS(double, ckernels_panel_double)

static void nearest(void) {
  enum { rows = ckernels_bucket_rows, inner = 21, columns = 3 * ckernels_bucket_chunk };
  enum { stride = columns / ckernels_bucket_chunk * ckernels_buckets };
  restart(), begin();
  float *x = numbers_float(rows * inner, 1), *w = numbers_float(columns * inner, 1), *b = numbers_float(columns, 1);
  float *packed = memory(sizeof(float) * columns * inner), *minima = memory(sizeof(float) * rows * stride);
  int *found = memory(sizeof(int) * rows * stride);
  ckernels_pack_float(w, columns, inner, packed);
  ckernels_bucket_minima(x, rows, inner, inner, packed, b, columns, minima, stride);
  add_all_float(minima, rows * stride);
  for (long count = 1; count < 60; count++) {
    add_float(ckernels_smallest(minima, count));
    const ptrdiff_t number = ckernels_at_most(minima, count, -1, found);
    for (ptrdiff_t i = 0; i < number; i++) add_bits((uint64_t)found[i], 4);
  }
  end("nearest", "");
  free(x), free(w), free(b), free(packed), free(minima), free(found);
}

static void products(void) {
  restart(), begin();
  for (long rows = 1; rows < 40; rows += 9)
    for (long columns = 1; columns < 40; columns += 6)
      for (long inner = 1; inner < 600; inner = 4 * inner + 1) {
        double *a = numbers_double(rows * inner, 1), *b = numbers_double(inner * columns, 1);
        double *y = numbers_double(rows * columns, 1);
        ckernels_accumulate(a, rows, inner, 1, b, inner, columns, y, columns, columns);
        ckernels_accumulate(a, rows, 1, rows, b, inner, columns, y, columns, columns);
        add_all_double(y, rows * columns);
        free(a), free(b), free(y);
      }
  end("product", "");
}

static void eigensystems(void) {
  restart(), begin();
  for (long n = 1; n < 60; n = 2 * n + 1) {
    double *a = numbers_double(n * n, 1), *values = memory((size_t)n * sizeof(double));
    double *beside = memory((size_t)n * sizeof(double));
    for (long i = 0; i < n; i++)
      for (long j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
    if (!ckernels_symmetric_eigensystem(n, a, values, beside)) exit(1);
    add_all_double(values, n), add_all_double(a, n * n);
    free(a), free(values), free(beside);
  }
  end("eigensystem", "");
}

// Functions of single numbers have the bits of those of vectors.
static void compare(void) {
  double (*const scalars[])(double) = {0, ckernels_hyperbolic_tangent, 0, 0, ckernels_softplus_function,
                                       ckernels_logistic_function};
  restart();
  for (int activation = 0; activation < 6; activation++)
    for (int n = 0; scalars[activation] && n < draws; n++) {
      const double x = either(magnitude(-40, 10));
      double y = x;
      ckernels_activate_double(&y, 1, 1, 1, activation);
      if (bits_of(y) != bits_of(scalars[activation](x))) {
        printf("%s(%a): the scalar function gives %a, that of vectors %a\n", activations[activation], x,
               scalars[activation](x), y);
        exit(1);
      }
    }
  for (int count = 1; count < 40; count++) {
    double u[40], v[40], pairs[80], powers[40], logarithms[40];
    for (int k = 0; k < count; k++) u[k] = uniform(), v[k] = uniform(), powers[k] = either(magnitude(-40, 9)), logarithms[k] = v[k];
    ckernels_normal_pairs(u, v, count, pairs);
    double exponents[40];
    memcpy(exponents, powers, sizeof exponents);
    ckernels_exponentials(powers, count);
    ckernels_logarithms(logarithms, count);
    for (int k = 0; k < count; k++) {
      double first, second;
      ckernels_normal_pair(u[k], v[k], &first, &second);
      if (bits_of(first) != bits_of(pairs[2 * k]) || bits_of(second) != bits_of(pairs[2 * k + 1]) ||
          bits_of(ckernels_exponential(exponents[k])) != bits_of(powers[k]) ||
          bits_of(ckernels_logarithm(v[k])) != bits_of(logarithms[k])) {
        printf("arrays of %d normal pairs, exponentials or logarithms differ from single ones\n", count);
        exit(1);
      }
    }
  }
}

int main(int count, char **arguments) {
  int set = 0;
  for (int i = ckernels_portable; i <= ckernels_wide; i++) {
    if (count < 2 && ckernels_has(i)) puts(set_names[i]);
    if (count > 1 && strcmp(arguments[1], set_names[i]) == 0 && ckernels_has(i)) set = i;
  }
  if (count < 2) return 0;
  if (!set || ckernels_select(set) != set) {
    fprintf(stderr, "kernel_bits: '%s' is no instruction set of this processor\n", arguments[1]);
    return 64;
  }
  functions();
  compare();
  for (int activation = 0; activation < 6; activation++) {
    elements_float(activation), elements_double(activation);
    layers_float(activation), layers_double(activation);
  }
  losses_float(), losses_double();
  updates_float(), updates_double();
  nearest();
  products();
  eigensystems();
  return 0;
}
