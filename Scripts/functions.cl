// functions.h as OpenCL C 1.2: single numbers and vectors, in both precisions. Scripts/check_kernel_bits.sh has clang
// check that it is valid.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL FP_CONTRACT OFF
#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(x) JOIN(x, SUFFIX)
#define TARGET
#define WHOLE(c) c##L
#define FUSED(a, b, c) fma((V)(a), (V)(b), (V)(c))
#define FULL(c) ((V)(c))
#define ROOT(x) sqrt(x)
#define LEFT(i, n) ((i) << (n))
#define CHOOSE(mask, a, b) ((mask) ? (a) : (b))

#define SUFFIX double
#define V double
#define I long
#define BITS(x) as_long(x)
#define NUMBER(i) as_double(i)
#include "../Sources/CKernels/functions.h"
#undef SUFFIX
#undef V
#undef I
#undef BITS
#undef NUMBER

#define SUFFIX double4
#define V double4
#define I long4
#define BITS(x) as_long4(x)
#define NUMBER(i) as_double4(i)
#include "../Sources/CKernels/functions.h"
#undef SUFFIX
#undef V
#undef I
#undef BITS
#undef NUMBER

#define SINGLE
#define SUFFIX float
#define V float
#define I int
#define BITS(x) as_int(x)
#define NUMBER(i) as_float(i)
#include "../Sources/CKernels/functions.h"
#undef SUFFIX
#undef V
#undef I
#undef BITS
#undef NUMBER

#define SUFFIX float8
#define V float8
#define I int8
#define BITS(x) as_int8(x)
#define NUMBER(i) as_float8(i)
#include "../Sources/CKernels/functions.h"
