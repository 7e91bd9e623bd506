// What this machine can do at most: the lines that kernels are held against.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/thread_pool.h"

namespace hearth::bench {

/// Of all threads of a pool together, best of several runs.
struct Roofs {
  double read_gbs = 0.0;    ///< reading memory that no cache holds, 10^9 bytes per second
  double fma_gflops = 0.0;  ///< float32, multiply and add counted as two
  double dot8_gops = 0.0;   ///< 8-bit products summed in 32 bits, two per product
};

Roofs measure_roofs(kernels::ThreadPool& pool);

/// What a kernel's threads read, in its order.
using Pieces = std::vector<std::span<const std::byte>>;

/// How fast all threads together read `pieces`, one after another: 10^9 bytes per second, best of
/// three.
double read_gbs(kernels::ThreadPool& pool, const Pieces& pieces);

/// The roof of one line, measured before it and behind it in the line's own memory: machines that
/// are shared read now at one speed, now at another.
class ReadRoof {
 public:
  ReadRoof(kernels::ThreadPool& pool, Pieces pieces);

  /// Measures again. @returns the mean of both, in 10^9 bytes per second.
  double gbs() const;

 private:
  kernels::ThreadPool& pool_;
  Pieces pieces_;
  double before_;
};

/// Loops that keep the arithmetic units of one core busy. @returns operations done.
using PeakLoop = double (*)(int rounds);
double fma_loop_avx2(int rounds);
double dot8_loop_avx2(int rounds);
double fma_loop_avx512(int rounds);
double dot8_loop_avx512(int rounds);
double dot8_loop_amx(int rounds);

}  // namespace hearth::bench
