// For tests: arrays of reproducible random numbers, and their values back.
#pragma once

#include <random>
#include <vector>

#include "nn/mlx.h"

namespace hearth::nn::testing {

inline std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> number(0.0F, 0.5F);
  std::vector<float> values(count);
  for (float& value : values) value = number(random);
  return values;
}

inline mx::array array_of(const std::vector<float>& values, mx::Shape shape) {
  return mx::array(values.data(), std::move(shape), mx::float32);
}

/// The array's values in row-major order.
template <class T = float>
std::vector<T> values_of(const mx::array& a) {
  mx::array whole = mx::contiguous(a);
  mx::eval(whole);
  return {whole.data<T>(), whole.data<T>() + whole.size()};
}

}  // namespace hearth::nn::testing
