// A template that kernels.c compiles once per precision and instruction set. kernels.c defines:
//   REAL, the scalar; LANES, the number of scalars in a vector register; TILE, the rows of the register tile;
//   PANEL, the columns of a packed panel; TARGET, the function attribute; NAME(x), the decorated name;
//   SINGLE, if REAL is float.

// Vectors of LANES elements: of REAL, of integers of the same size (masks), and of doubles.
typedef REAL NAME(V) __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL))));
#ifdef SINGLE
typedef int NAME(I) __attribute__((vector_size(LANES * sizeof(int)), aligned(sizeof(int))));
#else
typedef long long NAME(I) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));
#endif
typedef double NAME(D) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));
#define V NAME(V)
#define I NAME(I)

TARGET static inline V NAME(all)(REAL x) { return x - (V){}; }
TARGET static inline V NAME(choose)(I mask, V a, V b) { return (V)(((I)a & mask) | ((I)b & ~mask)); }

#define FUSED(a, b, c) __builtin_elementwise_fma((V)(a), (V)(b), (V)(c))
#define FULL(c) NAME(all)(c)
#define ROOT(x) __builtin_elementwise_sqrt((V)(x))
#define BITS(x) ((I)(x))
#define NUMBER(i) ((V)(i))
#define LEFT(i, n) ((i) << (n))
#define CHOOSE(mask, a, b) NAME(choose)((I)(mask), a, b)

// Loads and stores a whole vector or, if `left` < LANES, a tail of `left` elements. A loaded tail is padded with
// zeros.
TARGET static inline V NAME(load)(const REAL *p, ptrdiff_t left) {
  if (left >= LANES) return *(const V *)p;
  V v = {};
  if (left > 0) memcpy(&v, p, (size_t)left * sizeof(REAL));
  return v;
}
TARGET static inline void NAME(store)(REAL *p, ptrdiff_t left, V v) {
  if (left >= LANES)
    *(V *)p = v;
  else if (left > 0)
    memcpy(p, &v, (size_t)left * sizeof(REAL));
}

#include "functions.h"
#include "activations.h"
#include "dense.h"
#include "pieces.h"
#ifdef SINGLE
#include "nearest.h"
#else
#include "accumulate.h"
#include "arrays.h"
#endif
#include "training.h"

#include "undefine.h"
