// The families that are built in: one per file under arch/.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/config.h"
#include "models/facts.h"
#include "models/model.h"
#include "nn/weights.h"

namespace hearth::models {

/// Builds a family's model from its config and weights. Faults of the weights are collected there.
using BuildModel = std::unique_ptr<Model>(const Config& config, nn::Weights& weights,
                                          const ModelFacts& facts);

/// One family. The table is generated from the file list of arch/.
struct Family {
  std::string_view name;  ///< of the file, which is the model_type it builds
  BuildModel* build;
};

std::span<const Family> families();

/// Another model_type that a family builds as well.
struct Alias {
  std::string_view model_type;
  std::string_view family;
};

std::span<const Alias> aliases();

/// The family that builds `model_type`, by its own name or an alias; nullptr if none does.
const Family* find_family(std::string_view model_type);

}  // namespace hearth::models
