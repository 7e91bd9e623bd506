// A weight matrix, plain or packed: the one place that chooses how it is multiplied.
#pragma once

#include <cstddef>
#include <variant>

#include "nn/mlx.h"
#include "nn/packed_matrix.h"

namespace hearth::nn {

/// A matrix W [N, K] that rows are multiplied with or picked from. Cheap to copy: it shares arrays.
class Matrix {
 public:
  explicit Matrix(mx::array plain) : content_(std::move(plain)) {}
  explicit Matrix(PackedMatrix packed) : content_(std::move(packed)) {}

  /// x Wᵀ: [T, K] → [T, N].
  mx::array times(const mx::array& x) const;

  /// The rows `ids`: [T] → [T, K], unpacked.
  mx::array rows(const mx::array& ids) const;

  /// The same matrix, unpacked: takes memory for K * N elements.
  Matrix unpacked() const;

  bool packed() const { return std::holds_alternative<PackedMatrix>(content_); }
  const std::variant<mx::array, PackedMatrix>& content() const { return content_; }
  std::size_t bytes() const;

 private:
  std::variant<mx::array, PackedMatrix> content_;
};

/// True where MLX computes on the CPU: activations are float32 there, and stock packed products
/// of more than a few rows are slower than unpacking first.
bool on_cpu();

}  // namespace hearth::nn
