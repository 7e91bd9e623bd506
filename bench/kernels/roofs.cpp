// Measures read bandwidth and arithmetic peaks.
#include "kernels/roofs.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <sys/mman.h>
#include <utility>

#include "kernels/cpu.h"

namespace hearth::bench {

namespace {

constexpr std::size_t kReadBytes = std::size_t{512} << 20;
constexpr std::size_t kPart = std::size_t{1} << 20;
constexpr int kRuns = 7;
constexpr int kReadRuns = 3;
constexpr int kPeakRounds = 2'000'000;

/// Whoever reads it may do so at any time: what is written here must be computed.
volatile std::uint64_t benchmark_keeps = 0;

double seconds_of(auto&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Sums a piece of memory, so that it must be read; up to 127 bytes at its end are not.
std::uint64_t sum_of(std::span<const std::byte> piece) {
  constexpr std::size_t kLanes = 16;
  std::array<std::uint64_t, kLanes> sums{};
  std::array<std::uint64_t, kLanes> words{};
  for (std::size_t at = 0; at + sizeof words <= piece.size(); at += sizeof words) {
    std::memcpy(words.data(), piece.data() + at, sizeof words);
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += words[lane];
  }
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

/// As much as a thread takes at a time.
Pieces parts_of(const Pieces& pieces) {
  Pieces parts;
  for (auto rest : pieces)
    while (!rest.empty()) {
      parts.push_back(rest.first(std::min(rest.size(), kPart)));
      rest = rest.subspan(parts.back().size());
    }
  return parts;
}

double fresh_read_gbs(kernels::ThreadPool& pool) {
  void* memory =
      ::mmap(nullptr, kReadBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0.0;
#ifdef MADV_HUGEPAGE
  ::madvise(memory, kReadBytes, MADV_HUGEPAGE);
#endif
  auto* bytes = static_cast<std::byte*>(memory);
  pool.run(static_cast<int>(kReadBytes / kPart), [&](int part) {
    std::fill_n(bytes + static_cast<std::size_t>(part) * kPart, kPart, std::byte{1});
  });
  const double gbs = read_gbs(pool, {{bytes, kReadBytes}});
  ::munmap(memory, kReadBytes);
  return gbs;
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

double read_gbs(kernels::ThreadPool& pool, const Pieces& pieces) {
  const Pieces parts = parts_of(pieces);
  std::atomic<std::uint64_t> sum{0};
  double best = 1e30;
  for (int run = 0; run < kReadRuns; ++run)
    best = std::min(best, seconds_of([&] {
                      pool.run(static_cast<int>(parts.size()), [&](int part) {
                        sum += sum_of(parts[static_cast<std::size_t>(part)]);
                      });
                    }));
  benchmark_keeps = sum.load();
  double bytes = 0.0;
  for (const auto& part : parts) bytes += static_cast<double>(part.size());
  return bytes / best / 1e9;
}

ReadRoof::ReadRoof(kernels::ThreadPool& pool, Pieces pieces)
    : pool_(pool), pieces_(std::move(pieces)), before_(read_gbs(pool_, pieces_)) {}

double ReadRoof::gbs() const {
  return (before_ + read_gbs(pool_, pieces_)) / 2.0;
}

Roofs measure_roofs(kernels::ThreadPool& pool) {
  Roofs roofs{.read_gbs = fresh_read_gbs(pool)};
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
