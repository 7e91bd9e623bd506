// From what a client asked about tokens to ids and numbers.
#pragma once

#include "base/result.h"
#include "engine/engine.h"
#include "engine/host/prepare.h"
#include "engine/sampling_params.h"

namespace hearth::engine {

/// Everything that decides which token comes next. Fills what the request leaves open from the
/// model, and draws a seed where it names none.
/// @returns InvalidArgument naming the field that is out of range.
Result<SamplingParams> prepare_sampling(const PromptReader& reader, const Request& request);

}  // namespace hearth::engine
