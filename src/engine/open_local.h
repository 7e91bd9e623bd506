// A model inside this process (command line, tests, and the worker itself).
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth::engine {

/// Loads the model and starts its engine thread. Blocks until it is ready or refused.
/// The process must not have been forked after this (see the house plan on MLX and fork).
Result<std::unique_ptr<Engine>> open_local(const EngineOptions& options);

}  // namespace hearth::engine
