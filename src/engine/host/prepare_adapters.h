// From the adapters that a request names to those that add, and what may share its computed prompt.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/host/prepare.h"
#include "engine/sequence.h"

namespace hearth::engine {

/// The request's adapters in the order of their numbers, each once (choices of the same one add
/// up), without those that add nothing.
/// @returns InvalidArgument for one that is not loaded or a scale that is no finite number; names
///          what is loaded.
Result<std::vector<SequenceAdapter>> prepare_adapters(const PromptReader& reader,
                                                      const Request& request);

/// Two requests with equal salts compute the same from the same tokens, and their clients let them
/// share. Empty where nothing but tokens counts.
std::string prefix_salt(const Request& request, std::span<const SequenceAdapter> adapters);

}  // namespace hearth::engine
