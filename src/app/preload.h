// Loading the models that are served from the start.
#pragma once

#include <functional>
#include <vector>

#include "services/pool/pool.h"

namespace hearth::app {

/// Asks the pool for every model and calls `settled` once, from any thread, when each is loaded or
/// refused.
void preload(services::Pool& pool, const std::vector<services::ModelEntry>& models,
             const std::function<void()>& settled);

}  // namespace hearth::app
