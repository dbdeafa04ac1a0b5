// Template, compiled by kernels.c once per precision and instruction set, which defines:
//   REAL the scalar, LANES its number in one vector register, TILE rows of the register tile,
//   PANEL columns of a packed panel, TARGET the function attribute, NAME(x) the decorated name,
//   SINGLE where REAL is float.

// Vectors of REAL, of integers of its size (masks), and of as many doubles.
typedef REAL NAME(V) __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL))));
#ifdef SINGLE
typedef int NAME(I) __attribute__((vector_size(LANES * sizeof(int)), aligned(sizeof(int))));
typedef double NAME(D) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));
#else
typedef long long NAME(I) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));
#endif
#define V NAME(V)
#define I NAME(I)

#include "functions.h"
#include "dense.h"
#ifdef SINGLE
#include "nearest.h"
#endif
#include "training.h"

#undef I
#undef V
