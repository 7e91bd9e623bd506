// From the name in a request to a model, and the adapter of it that the name may choose.
#pragma once

#include <optional>
#include <string>

#include "api/routes.h"
#include "base/result.h"

namespace hearth::api::openai {

struct NamedModel {
  services::ModelEntry model;
  std::optional<services::AdapterEntry> adapter = {};
};

/// `name` is a model's name, or one with an adapter of it behind a colon; empty: the first model
/// served. @returns ModelNotFound, as for the whole name.
Result<NamedModel> find_named(const Services& services, const std::string& name);

}  // namespace hearth::api::openai
