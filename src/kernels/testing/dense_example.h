// For tests: random plain matrices beside the numbers they stand for, in double precision.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/dense_path.h"
#include "kernels/testing/packed_example.h"

namespace hearth::kernels::testing {

/// A plain matrix that owns its memory. Rows are longer in memory than they need to be.
struct DenseExample {
  WeightType type = WeightType::F32;
  int outputs = 0;
  int width = 0;
  std::int64_t stride = 0;  ///< elements
  std::int64_t scale_stride = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> scales;
  std::vector<double> numbers;  ///< [N, K]

  DenseView view() const {
    return {.data = bytes.data(),
            .stride = stride,
            .scales = scales.empty() ? nullptr : scales.data(),
            .scale_stride = scale_stride,
            .type = type,
            .outputs = outputs,
            .width = width};
  }
};

/// A random weight between about 1/100 and 1/10, of either sign.
inline StoredNumber random_weight(WeightType type, std::mt19937& random) {
  switch (type) {
    case WeightType::F32:
      return random_scale(ScaleType::F32, random);
    case WeightType::BF16:
      return random_scale(ScaleType::BF16, random);
    case WeightType::F16:
      return random_scale(ScaleType::F16, random);
    case WeightType::Mxfp8: {
      const unsigned bits = random() % 127U + (random() % 2U) * 128U;  // never "not a number"
      return {bytes_of(static_cast<std::uint8_t>(bits)), float_value(bits, 4, 3)};
    }
  }
  return {};
}

inline DenseExample dense_example(WeightType type, int outputs, int width, unsigned seed) {
  std::mt19937 random(seed);
  DenseExample w{.type = type, .outputs = outputs, .width = width};
  const bool mxfp8 = type == WeightType::Mxfp8;
  w.stride = width + static_cast<int>(seed % 3) * (mxfp8 ? 4 : 1);
  w.scale_stride = mxfp8 ? width / kMxfp8Group + static_cast<int>(seed % 2) : 0;
  for (int n = 0; n < outputs; ++n) {
    std::vector<double> scales;
    for (std::int64_t g = 0; g < w.scale_stride; ++g) {
      const StoredNumber scale = random_scale(ScaleType::E8M0, random);
      w.scales.push_back(scale.bytes.front());
      scales.push_back(scale.value);
    }
    for (std::int64_t k = 0; k < w.stride; ++k) {
      const StoredNumber number = random_weight(type, random);
      w.bytes.insert(w.bytes.end(), number.bytes.begin(), number.bytes.end());
      if (k >= width) continue;
      w.numbers.push_back(number.value *
                          (mxfp8 ? scales[static_cast<std::size_t>(k / kMxfp8Group)] : 1.0));
    }
  }
  return w;
}

}  // namespace hearth::kernels::testing
