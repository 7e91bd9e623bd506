// For tests: arrays of reproducible random numbers, and their values back.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
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

/// `count` numbers that are drawn evenly from `low` to `high`.
inline std::vector<float> draw(std::mt19937& random, int count, float low, float high) {
  std::uniform_real_distribution<float> number(low, high);
  std::vector<float> values(static_cast<std::size_t>(count));
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

/// The largest distance of a number in `got` from its place in `expected`; infinite if their counts
/// differ.
inline double largest_error(const mx::array& got, const std::vector<double>& expected) {
  const std::vector<float> values = values_of(got);
  if (values.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    largest = std::max(largest, std::abs(values[i] - expected[i]));
  return largest;
}

}  // namespace hearth::nn::testing
