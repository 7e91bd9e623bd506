// The weight matrices of many experts in one: each row of x meets the matrix of its own expert.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "nn/matrix.h"
#include "nn/mlx.h"
#include "nn/packed_matrix.h"
#include "nn/row_policy.h"

namespace hearth::nn {

/// Which expert each row belongs to.
struct ExpertRows {
  mx::array experts;    ///< [R] uint32, each in [0, E)
  bool sorted = false;  ///< ascending: rows of one expert lie side by side
};

/// Packed matrices of experts as our kernels for the CPU read them.
using PanelStack = std::shared_ptr<const std::vector<Panels>>;

/// W [E, N, K], plain or packed. Cheap to copy: it shares arrays.
class ExpertMatrix {
 public:
  explicit ExpertMatrix(mx::array plain, RowPolicy rows = RowPolicy::Any)
      : content_(std::move(plain)), rows_(rows) {}
  explicit ExpertMatrix(PackedMatrix packed, RowPolicy rows = RowPolicy::Any)
      : content_(std::move(packed)), rows_(rows) {}

  /// Puts the experts' matrices side by side: all of one shape and packing. Evaluates, so that
  /// the parts can be freed.
  static ExpertMatrix of(const std::vector<Matrix>& matrices, RowPolicy rows = RowPolicy::Any);

  explicit ExpertMatrix(PanelStack panels, RowPolicy rows = RowPolicy::Any)
      : content_(std::move(panels)), rows_(rows) {}

  /// The same matrices, copied into panels where kernels serve their packing; else itself.
  ExpertMatrix prepared() const;

  /// Row r of x times the transposed matrix of expert r: [R, K] → [R, N].
  mx::array times(const mx::array& x, const ExpertRows& rows) const;

  bool packed() const { return !std::holds_alternative<mx::array>(content_); }
  std::size_t bytes() const;
  const std::variant<mx::array, PackedMatrix, PanelStack>& content() const { return content_; }
  RowPolicy row_policy() const { return rows_; }

 private:
  std::variant<mx::array, PackedMatrix, PanelStack> content_;
  RowPolicy rows_;
};

}  // namespace hearth::nn
