// A template that kernels.c compiles once per precision and instruction set. kernels.c defines:
//   REAL, the scalar; LANES, the number of scalars in a vector register; TILE, the rows of the register tile;
//   PANEL, the columns of a packed panel; TARGET, the function attribute; NAME(x), the decorated name;
//   SINGLE, if REAL is float.

// Vectors of LANES elements: of REAL, of integers of the same size (masks), and of doubles.
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
