#include "CPeak.h"

#pragma STDC FP_CONTRACT ON

// Twelve independent accumulators hide the latency (4 cycles, at most 2 instructions per cycle) and stay in
// 16 registers. The constants are volatile: else the compiler sees that a chain that starts at 1 stays
// there, and leaves it out.
static volatile float factor_value = 0.999f, term_value = 1e-3f;

#define PEAK(NAME, TARGET, LANES, CHAINS)                                                              \
  TARGET static double NAME(long rounds, float *sink) {                                                \
    typedef float V __attribute__((vector_size(LANES * sizeof(float))));                               \
    V sum[CHAINS], factor = (V){} + factor_value, term = (V){} + term_value, total = {};                          \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sum[i] = (V){} + (float)i;     \
    for (long k = 0; k < rounds; k++) {                                                                \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * factor + term; \
    }                                                                                                  \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) total += sum[i];               \
    *sink = total[0];                                                                                  \
    return 2.0 * LANES * CHAINS * (double)rounds;                                                      \
  }

PEAK(portable, , 4, 12)
#if defined(__x86_64__)
PEAK(avx2, __attribute__((target("avx2,fma"))), 8, 12)
PEAK(avx512, __attribute__((target("avx512f,fma"))), 16, 12)
#endif

double cpeak_run(int instruction_set, long rounds, float *sink) {
#if defined(__x86_64__)
  if (instruction_set == 3) return avx512(rounds, sink);
  if (instruction_set == 2) return avx2(rounds, sink);
#endif
  return portable(rounds, sink);
}
