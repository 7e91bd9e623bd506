// One loop over a group's numbers, built for this processor's vectors.
//
// The arithmetic is exactly MLX's, operation by operation in float32: no fused multiply-add, true
// divisions, ties to even. Groups do not depend on each other, so cores share them out.
#include "convert/affine_codes.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/affine_line.h"
#include "kernels/cpu.h"
#include "kernels/number_formats.h"
#include "kernels/thread_pool.h"

namespace hearth::convert {

namespace {

constexpr int kLanes = 16;
constexpr int kLongestGroup = 128;
constexpr std::int64_t kGroupsInChunk = 1024;

struct Float32 {
  using Stored = float;
  static float widen(float value) { return value; }
  static float narrow(float value) { return value; }
};
struct Float16 {
  using Stored = std::uint16_t;
  static float widen(std::uint16_t value) { return kernels::from_f16(value); }
  static std::uint16_t narrow(float value) { return kernels::to_f16(value); }
};
struct Bfloat16 {
  using Stored = std::uint16_t;
  static float widen(std::uint16_t value) { return kernels::from_bf16(value); }
  static std::uint16_t narrow(float value) { return kernels::to_bf16(value); }
};

/// Eight codes, one in each byte, moved together: 8 * bits bits.
inline std::uint64_t squeezed(std::uint64_t codes, int bits) {
  const auto fold = [](std::uint64_t x, std::uint64_t low, int distance) {
    return (x & low) | ((x & ~low) >> static_cast<unsigned>(distance));
  };
  codes = fold(codes, 0x00FF00FF00FF00FFU, 8 - bits);
  codes = fold(codes, 0x0000FFFF0000FFFFU, 16 - 2 * bits);
  return fold(codes, 0x00000000FFFFFFFFU, 32 - 4 * bits);
}

/// @returns false where the group has a number that is not finite.
template <class Format>
[[gnu::always_inline]] inline bool pack_group(const typename Format::Stored* in, int group,
                                              int bits, std::uint8_t* out,
                                              typename Format::Stored* scale,
                                              typename Format::Stored* bias) {
  std::array<float, kLongestGroup> values;
  std::array<float, kLanes> lows;
  std::array<float, kLanes> highs;
  lows.fill(std::numeric_limits<float>::infinity());
  highs.fill(-std::numeric_limits<float>::infinity());
  float sum = 0.0F;  // not a number where any number is not finite
  std::array<float, kLanes> zeros{};
  for (int i = 0; i < group; ++i) values[i] = Format::widen(in[i]);
  for (int i = 0; i < group; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) {
      const float value = values[i + lane];
      lows[lane] = value < lows[lane] ? value : lows[lane];
      highs[lane] = value > highs[lane] ? value : highs[lane];
      zeros[lane] += value * 0.0F;
    }
  float low = lows[0];
  float high = highs[0];
  for (int lane = 0; lane < kLanes; ++lane) {
    low = std::min(low, lows[lane]);
    high = std::max(high, highs[lane]);
    sum += zeros[lane];
  }
  const float steps = static_cast<float>((1 << bits) - 1);
  const kernels::AffineLine line = kernels::affine_line(low, high, steps);
  alignas(8) std::array<std::uint8_t, kLongestGroup> codes;
  for (int i = 0; i < group; ++i) {
    float code = __builtin_rintf((values[i] - line.bias) / line.scale);
    code = code > 0.0F ? code : 0.0F;
    code = code < steps ? code : steps;
    codes[i] = static_cast<std::uint8_t>(static_cast<int>(code));
  }
  for (int i = 0; i < group; i += 8, out += bits) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, codes.data() + i, sizeof(eight));
    if (bits < 8) eight = squeezed(eight, bits);
    std::memcpy(out, &eight, static_cast<std::size_t>(bits));
  }
  *scale = Format::narrow(line.scale);
  *bias = Format::narrow(line.bias);
  return sum == 0.0F;
}

template <class Format>
struct Job {
  const typename Format::Stored* in;
  std::uint8_t* codes;
  typename Format::Stored* scales;
  typename Format::Stored* biases;
  int group;
  int bits;

  [[gnu::always_inline]] bool run(std::int64_t first, std::int64_t last) const {
    bool finite = true;
    for (std::int64_t i = first; i < last; ++i)
      finite &= pack_group<Format>(in + i * group, group, bits, codes + i * group * bits / 8,
                                   scales + i, biases + i);
    return finite;
  }
};

template <class Format>
bool run_plain(const Job<Format>& job, std::int64_t first, std::int64_t last) {
  return job.run(first, last);
}

#if defined(__x86_64__)
template <class Format>
[[gnu::target("avx2")]] bool run_avx2(const Job<Format>& job, std::int64_t first,
                                      std::int64_t last) {
  return job.run(first, last);
}
#endif

template <class Format>
bool run_best(const Job<Format>& job, std::int64_t first, std::int64_t last) {
#if defined(__x86_64__)
  static const bool kWide = kernels::machine_paths().size() > 1;
  if (kWide) return run_avx2(job, first, last);
#endif
  return run_plain(job, first, last);
}

template <class Format>
bool pack(const nn::mx::array& rows, const nn::Packing& packing, const AffineOutput& out) {
  using Stored = Format::Stored;
  const Job<Format> job{.in = reinterpret_cast<const Stored*>(rows.data<std::byte>()),
                        .codes = reinterpret_cast<std::uint8_t*>(out.codes.data()),
                        .scales = reinterpret_cast<Stored*>(out.scales.data()),
                        .biases = reinterpret_cast<Stored*>(out.biases.data()),
                        .group = packing.group_size,
                        .bits = packing.bits};
  const auto groups = static_cast<std::int64_t>(rows.size()) / packing.group_size;
  const auto chunks = static_cast<int>((groups + kGroupsInChunk - 1) / kGroupsInChunk);
  std::atomic<bool> finite{true};
  kernels::ThreadPool::of_process().run(chunks, [&](int chunk) {
    const std::int64_t first = chunk * kGroupsInChunk;
    if (!run_best(job, first, std::min(groups, first + kGroupsInChunk))) finite = false;
  });
  return finite;
}

}  // namespace

bool pack_affine(const nn::mx::array& rows, const nn::Packing& packing, const AffineOutput& out) {
  if (rows.dtype() == nn::mx::float32) return pack<Float32>(rows, packing, out);
  if (rows.dtype() == nn::mx::float16) return pack<Float16>(rows, packing, out);
  return pack<Bfloat16>(rows, packing, out);
}

}  // namespace hearth::convert
