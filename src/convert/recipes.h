// Recipes that give some layers more bits than others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "convert/options.h"
#include "convert/rows.h"

namespace hearth::convert {

/// A mixed recipe of a model: the values' and the feed-forward's output projections of the first
/// eighth of the layers, the last one and every third between get more bits, as does the head.
class Recipe {
 public:
  /// @param layers  of the model
  /// @returns UnsupportedArgument for an unknown name, or a model without a down_proj.
  static Result<Recipe> find(std::string_view name, const std::vector<Weight>& weights, int layers);

  /// Bits of the layer at `path`.
  int bits(std::string_view path) const;

 private:
  bool gets_more(std::string_view path) const;

  int low_ = 0;
  int high_ = 0;
  int layers_ = 0;
  std::size_t place_ = 0;  // of the layer's number among the parts of a path
};

}  // namespace hearth::convert
