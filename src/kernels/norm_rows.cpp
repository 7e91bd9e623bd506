// Sums in sixteen lanes, so that plain C++ becomes vector instructions of any width and gives the
// same bits with all of them.
#include "kernels/norm_rows.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/counters.h"

namespace hearth::kernels {

namespace {

constexpr int kLanes = 16;

// Fewer numbers than this are done before another thread has come.
constexpr std::int64_t kNormsWorthSharing = 1 << 15;
constexpr std::int64_t kChunkNumbers = 1 << 14;

/// The sum of `term(i)` for i in [0, count).
template <class Term>
float sum_of(int count, Term term) {
  std::array<float, kLanes> lanes{};
  int i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane)
      lanes[static_cast<std::size_t>(lane)] += term(i + lane);
  for (int lane = 0; i < count; ++i, ++lane) lanes[static_cast<std::size_t>(lane)] += term(i);
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

void norm_row(const NormRows& norm, const float* x, float* y) {
  const auto count = static_cast<float>(norm.width);
  const float mean = norm.centred ? sum_of(norm.width, [&](int i) { return x[i]; }) / count : 0.0F;
  const float squares = sum_of(norm.width, [&](int i) { return (x[i] - mean) * (x[i] - mean); });
  const float factor = 1.0F / std::sqrt(squares / count + norm.epsilon);
  for (int i = 0; i < norm.width; ++i) y[i] = (x[i] - mean) * factor;
  if (norm.weight != nullptr)
    for (int i = 0; i < norm.width; ++i) y[i] *= norm.weight[i];
  if (norm.bias != nullptr)
    for (int i = 0; i < norm.width; ++i) y[i] += norm.bias[i];
}

void one_row(const NormRows& norm, const NormMemory& at, std::int64_t row) {
  const std::int64_t begin = row * norm.width;
  const float* x = at.x + begin;
  if (at.added != nullptr) {
    const float* added = at.added + begin;
    float* sum = at.sum + begin;
    for (int i = 0; i < norm.width; ++i) sum[i] = x[i] + added[i];
    x = sum;
  }
  norm_row(norm, x, at.y + begin);
}

}  // namespace

void norm_rows(const NormRows& norm, const NormMemory& at, ThreadPool& pool) {
  count(Operation::Norm, CpuPath::Scalar);
  const std::int64_t chunk = std::max(std::int64_t{1}, kChunkNumbers / norm.width);
  const auto some = [&](int index) {
    const std::int64_t end = std::min(at.rows, (index + 1) * chunk);
    for (std::int64_t row = index * chunk; row < end; ++row) one_row(norm, at, row);
  };
  const auto chunks = static_cast<int>((at.rows + chunk - 1) / chunk);
  if (at.rows * norm.width >= kNormsWorthSharing)
    pool.run(chunks, some);
  else
    for (int i = 0; i < chunks; ++i) some(i);
}

}  // namespace hearth::kernels
