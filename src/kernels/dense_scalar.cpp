// Products with plain weights in plain C++: the oracle of the other paths.
#include <algorithm>
#include <cmath>

#include "kernels/dense_path.h"
#include "kernels/number_formats.h"

namespace hearth::kernels {

namespace {

float number_at(const void* data, std::int64_t at, WeightType type) {
  switch (type) {
    case WeightType::F32:
      return static_cast<const float*>(data)[at];
    case WeightType::BF16:
      return from_bf16(static_cast<const std::uint16_t*>(data)[at]);
    case WeightType::F16:
      return from_f16(static_cast<const std::uint16_t*>(data)[at]);
    case WeightType::Mxfp8:
      return from_e4m3(static_cast<const std::uint8_t*>(data)[at]);
  }
  return 0.0F;
}

void widen(const DenseView& w, const DenseCut& cut, float* to) {
  const int end = (cut.count + kDenseLanes - 1) / kDenseLanes * kDenseLanes;
  for (int i = 0; i < end; ++i) {
    const int k = cut.begin + i;
    to[i] = i < cut.count ? number_at(w.data, cut.row * w.stride + k, w.type) : 0.0F;
    if (w.type == WeightType::Mxfp8 && i < cut.count)
      to[i] *= from_e8m0(w.scales[cut.row * w.scale_stride + k / kMxfp8Group]);
  }
}

/// One output's lanes of one row of x.
void add_row(const DensePanel& w, int output, const float* x, std::int64_t step, float* lanes) {
  if (!w.more) std::fill_n(lanes, kDenseLanes, 0.0F);
  const std::int64_t from = output * w.stride;
  for (int k = 0; k < w.count; k += kDenseLanes, x += step)
    for (int lane = 0; lane < kDenseLanes; ++lane) {
      const bool inside = k + lane < w.count;
      const float weight = inside ? number_at(w.weights, from + k + lane, w.type) : 0.0F;
      lanes[lane] = std::fma(x[lane], weight, lanes[lane]);
    }
}

void multiply(const DensePanel& w, const DenseTile* tiles, int count, float* sums) {
  for (int t = 0; t < count; ++t) {
    const DenseTile& x = tiles[t];
    for (int row = 0; row < x.rows; ++row)
      for (int output = 0; output < w.outputs; ++output)
        add_row(w, output, x.x + row * kDenseLanes, std::int64_t{x.rows} * kDenseLanes,
                sums + t * kTileSums + (row * kDensePanel + output) * kDenseLanes);
  }
}

void add_lanes(const float* sums, int count, float* y) {
  for (int i = 0; i < count; ++i) {
    float lanes[kDenseLanes];
    std::copy_n(sums + i * kDenseLanes, kDenseLanes, lanes);
    for (int half = kDenseLanes / 2; half > 0; half /= 2)
      for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
    y[i] = lanes[0];
  }
}

}  // namespace

const DensePath kDenseScalar{widen, multiply, add_lanes};

}  // namespace hearth::kernels
