#ifndef CPEAK_H
#define CPEAK_H
// The speed of fused multiply-adds in registers alone: what no program can exceed.

// Runs `rounds` rounds of independent fused multiply-adds in the widest of the given instruction set
// (1: portable, 2: AVX2 with FMA, 3: AVX-512) and returns the floating-point operations done.
// `*sink` keeps the compiler from leaving the work out.
double cpeak_run(int instruction_set, long rounds, float *sink);

#endif
