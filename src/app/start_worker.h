// Worker processes of this very program.
#pragma once

#include "engine/engine.h"
#include "services/library/adapters.h"
#include "services/pool/pool.h"
#include "services/settings/settings.h"

namespace hearth::app {

/// Starts `hearth worker` for a model and connects to it. The adapters outlive what is returned.
services::StartWorker worker_starter(const services::Settings& settings,
                                     const services::Adapters& adapters);

/// The engine's options from the settings.
engine::EngineOptions engine_options(const services::Settings& settings,
                                     const services::Adapters& adapters,
                                     const services::ModelEntry& model);

}  // namespace hearth::app
