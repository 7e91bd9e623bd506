// Worker processes of this very program.
#pragma once

#include "engine/engine.h"
#include "services/library/adapters.h"
#include "services/pool/pool.h"
#include "services/settings/settings.h"
#include "services/shelf/shelf.h"

namespace hearth::app {

/// Starts `hearth worker` for a model and connects to it. Adapters and shelf outlive what is
/// returned.
services::StartWorker worker_starter(const services::Settings& settings,
                                     const services::Adapters& adapters,
                                     const services::Shelf& shelf);

/// The engine's options from the settings, for a model with this preset.
engine::EngineOptions engine_options(const services::Settings& settings,
                                     const services::Adapters& adapters,
                                     const services::ModelEntry& model,
                                     const services::Preset& preset = {});

}  // namespace hearth::app
