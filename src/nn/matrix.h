// A weight matrix, plain or packed: the one place that chooses how it is multiplied.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>

#include "nn/mlx.h"
#include "nn/packed_matrix.h"
#include "nn/row_policy.h"

namespace hearth::kernels {
class PanelMatrix;
}

namespace hearth::nn {

/// A packed matrix as our kernels for the CPU read it.
using Panels = std::shared_ptr<const kernels::PanelMatrix>;

/// A matrix W [N, K] that rows are multiplied with or picked from. Cheap to copy: it shares arrays.
class Matrix {
 public:
  explicit Matrix(mx::array plain, RowPolicy rows = RowPolicy::Any)
      : content_(std::move(plain)), rows_(rows) {}
  explicit Matrix(PackedMatrix packed, RowPolicy rows = RowPolicy::Any)
      : content_(std::move(packed)), rows_(rows) {}
  explicit Matrix(Panels panels, RowPolicy rows = RowPolicy::Any)
      : content_(std::move(panels)), rows_(rows) {}

  /// x Wᵀ: [T, K] → [T, N].
  mx::array times(const mx::array& x) const;

  /// The rows `ids`: [T] → [T, K], unpacked, in the type that is computed in.
  mx::array rows(const mx::array& ids) const;

  /// The same matrix, copied into panels where kernels serve it; else itself.
  Matrix prepared() const;

  bool packed() const { return !std::holds_alternative<mx::array>(content_); }
  /// nullptr where it does not lie in panels.
  const Panels* panels() const { return std::get_if<Panels>(&content_); }
  const std::variant<mx::array, PackedMatrix, Panels>& content() const { return content_; }
  std::size_t bytes() const;

 private:
  mx::array times_unpacked(const mx::array& x, const PackedMatrix& w) const;

  std::variant<mx::array, PackedMatrix, Panels> content_;
  RowPolicy rows_;
};

/// True where MLX computes on the CPU: activations are float32 there, and stock packed products
/// of more than a few rows are slower than unpacking first.
bool on_cpu();

}  // namespace hearth::nn
