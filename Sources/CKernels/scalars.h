// A template that kernels.c compiles once per instruction set: functions.h for single numbers in double precision, and
// arrays of pairs of normal numbers. kernels.c defines TARGET and NAME(x).
#define V double
#define I long long
#define FUSED(a, b, c) __builtin_elementwise_fma((double)(a), (double)(b), (double)(c))
#define FULL(c) ((double)(c))
#define ROOT(x) __builtin_elementwise_sqrt((double)(x))
#define BITS(x) bits_of(x)
#define NUMBER(i) number_of(i)
#define LEFT(i, n) ((long long)((unsigned long long)(i) << (n)))
#define CHOOSE(mask, a, b) ((mask) ? (a) : (b))

#include "functions.h"

#define PLAIN(function) \
  TARGET static double NAME(plain_##function)(double x) { return NAME(function)(x); }
PLAIN(exp)
PLAIN(log)
PLAIN(log1p)
PLAIN(tanh)
PLAIN(erf)
PLAIN(logistic)
PLAIN(softplus)
#undef PLAIN
TARGET static double NAME(plain_pow)(double x, double y) { return NAME(pow)(x, y); }
TARGET static void NAME(plain_turn)(double t, double *sine, double *cosine) { NAME(turn)(t, sine, cosine); }
TARGET static void NAME(plain_normal_pair)(double u, double v, double *first, double *second) {
  NAME(normal_pair)(u, v, first, second);
}

#include "undefine.h"
