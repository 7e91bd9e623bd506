// What a family tells about itself: one record per file under arch/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "models/config.h"
#include "models/facts.h"
#include "models/model.h"
#include "nn/weights.h"

namespace hearth::models {

/// Brings the language model's config into the common words before it is read: defaults that
/// Hugging Face leaves out (set_default), keys of other names (rename_key).
/// @param model_type  as the config spells it, where a family builds several
using PrepareConfig = void(json::object& config, std::string_view model_type);

/// Builds a family's model. Faults of the weights are collected there; what is returned are faults
/// of the config, by file and field. Tensors come under their canonical names (names.h).
using BuildModel = Result<std::unique_ptr<Model>>(const Config& config, nn::Weights& weights,
                                                  const ModelFacts& facts);

/// One row of a family's name map: in a tensor's path, `from` becomes `to`. A `^` in front binds
/// `from` to the path's beginning. Rows apply in their order, each at most once per path.
struct Rename {
  std::string_view from;
  std::string_view to;
};

/// A family. The file arch/x.cpp defines `Family x()` in namespace arch; nothing else names it.
struct Family {
  std::vector<std::string_view> model_types;  ///< all it builds, the file's name first
  PrepareConfig* prepare = nullptr;
  std::vector<Rename> names = {};  ///< from Hugging Face's paths to those of our layers
  BuildModel* build = nullptr;

  std::string_view name() const { return model_types.front(); }
};

/// Inserts what a config leaves out; an explicit null counts as said.
void set_default(json::object& config, std::string_view key, const json::value& value);

/// Gives a member its common name, unless that is there already.
void rename_key(json::object& config, std::string_view from, std::string_view to);

}  // namespace hearth::models
