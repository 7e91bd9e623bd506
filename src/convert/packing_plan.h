// Which weights are packed, how, and why the others are not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "convert/layout_rules.h"
#include "convert/options.h"
#include "convert/recipes.h"
#include "convert/rows.h"
#include "convert/source_tensors.h"
#include "models/config.h"

namespace hearth::convert {

/// What becomes of one weight.
struct Treatment {
  std::optional<nn::Packing> packing = {};  ///< nothing: it stays plain
  bool kept = false;                        ///< packed in the source already, copied as it is
  bool as_before = false;                   ///< unpacked, changed, and packed as it was
  bool own_entry = false;                   ///< config.json names this layer
  bool short_entry = false;                 ///< without the mode, which is affine then
  std::optional<mx::Dtype> dtype = {};      ///< of its floating-point numbers; nothing: as stored
  std::string reason = {};                  ///< why a matrix stays plain
};

/// What all weights have in common.
struct PackingWish {
  std::optional<nn::Packing> packing;  ///< nothing: no packing
  std::optional<mx::Dtype> dtype;
};

/// Checks what was asked for.
/// @returns UnsupportedArgument or InvalidArgument that lists what there is.
Result<PackingWish> packing_wish(const Options& options, const models::Config& config);

/// Decides weight by weight, in their order.
class PackingPlan {
 public:
  static Result<PackingPlan> make(const Options& options, const models::Config& config,
                                  const std::vector<Weight>& weights, const SourceTensors& source);

  const Treatment& at(std::size_t weight) const { return treatments_[weight]; }
  /// The `quantization` member of config.json; nothing where no weight is packed.
  std::optional<json::object> setting(const std::vector<Weight>& weights) const;

 private:
  Treatment treat(const Weight& weight, const SourceTensors& source) const;
  Treatment pack(const Weight& weight, Treatment treatment) const;

  PackingWish wish_;
  Options options_;
  const LayoutRules* rules_ = nullptr;
  std::optional<Recipe> recipe_;
  std::optional<json::object> stored_;  // the source's own setting, where layers of it are kept
  std::vector<Treatment> treatments_;
};

}  // namespace hearth::convert
