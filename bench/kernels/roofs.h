// What this machine can do at most: the lines that kernels are held against.
#pragma once

#include "kernels/thread_pool.h"

namespace hearth::bench {

/// Of all threads of a pool together, best of several runs.
struct Roofs {
  double read_gbs = 0.0;    ///< reading memory that no cache holds, 10^9 bytes per second
  double fma_gflops = 0.0;  ///< float32, multiply and add counted as two
  double dot8_gops = 0.0;   ///< 8-bit products summed in 32 bits, two per product
};

Roofs measure_roofs(kernels::ThreadPool& pool);

/// Loops that keep the arithmetic units of one core busy. @returns operations done.
using PeakLoop = double (*)(int rounds);
double fma_loop_avx2(int rounds);
double dot8_loop_avx2(int rounds);
double fma_loop_avx512(int rounds);
double dot8_loop_avx512(int rounds);
double dot8_loop_amx(int rounds);

}  // namespace hearth::bench
