// Measures read bandwidth and arithmetic peaks.
#include "kernels/roofs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <sys/mman.h>

#include "kernels/cpu.h"

namespace hearth::bench {

namespace {

constexpr std::size_t kReadBytes = std::size_t{512} << 20;
constexpr int kParts = 256;
constexpr int kRuns = 7;
constexpr int kPeakRounds = 2'000'000;

double seconds_of(auto&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Sums a piece of memory, so that it must be read.
std::uint64_t sum_of(const std::uint64_t* words, std::size_t count) {
  std::uint64_t sums[16] = {};
  for (std::size_t i = 0; i < count; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += words[i + lane];
  std::uint64_t sum = 0;
  for (const std::uint64_t lane : sums) sum += lane;
  return sum;
}

double read_gbs(kernels::ThreadPool& pool) {
  void* memory =
      ::mmap(nullptr, kReadBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0.0;
#ifdef MADV_HUGEPAGE
  ::madvise(memory, kReadBytes, MADV_HUGEPAGE);
#endif
  auto* words = static_cast<std::uint64_t*>(memory);
  constexpr std::size_t kWords = kReadBytes / sizeof(std::uint64_t) / kParts;
  pool.run(kParts, [&](int part) {
    std::fill_n(words + static_cast<std::size_t>(part) * kWords, kWords, 1);
  });
  std::atomic<std::uint64_t> sum{0};
  double best = 1e30;
  for (int run = 0; run < kRuns; ++run)
    best = std::min(best, seconds_of([&] {
                      pool.run(kParts, [&](int part) {
                        sum += sum_of(words + static_cast<std::size_t>(part) * kWords, kWords);
                      });
                    }));
  ::munmap(memory, kReadBytes);
  return sum.load() == 0 ? 0.0 : static_cast<double>(kReadBytes) / best / 1e9;
}

double peak(kernels::ThreadPool& pool, PeakLoop loop) {
  const int threads = static_cast<int>(pool.threads());
  double best = 0.0;
  for (int run = 0; run < kRuns; ++run) {
    std::atomic<double> operations{0.0};
    const double seconds =
        seconds_of([&] { pool.run(threads, [&](int) { operations += loop(kPeakRounds); }); });
    best = std::max(best, operations.load() / seconds / 1e9);
  }
  return best;
}

}  // namespace

Roofs measure_roofs(kernels::ThreadPool& pool) {
  Roofs roofs{.read_gbs = read_gbs(pool)};
#ifdef __x86_64__
  const kernels::CpuPath fastest = kernels::machine_paths().back();
  const kernels::CpuPath path = kernels::vector_path(fastest);
  if (path == kernels::CpuPath::Avx512) {
    roofs.fma_gflops = peak(pool, fma_loop_avx512);
    const bool tiles = fastest == kernels::CpuPath::Amx;
    roofs.dot8_gops = peak(pool, tiles ? dot8_loop_amx : dot8_loop_avx512);
  } else if (path == kernels::CpuPath::Avx2) {
    roofs.fma_gflops = peak(pool, fma_loop_avx2);
    roofs.dot8_gops = peak(pool, dot8_loop_avx2);
  }
#endif
  return roofs;
}

}  // namespace hearth::bench
