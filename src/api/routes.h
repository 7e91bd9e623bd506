// All endpoints of the server.
#pragma once

#include "base/task_pool.h"
#include "engine/prompts/prompt_folder.h"
#include "http/router.h"
#include "services/chat/generate.h"
#include "services/conversions/conversion_presets.h"
#include "services/conversions/conversions.h"
#include "services/downloads/downloads.h"
#include "services/hub_access/hub_access.h"
#include "services/library/adapters.h"
#include "services/library/library.h"
#include "services/metrics/metrics.h"
#include "services/pool/live_limits.h"
#include "services/pool/pool.h"
#include "services/shelf/shelf.h"

namespace hearth::api {

/// What the endpoints stand on. All of it outlives the server.
struct Services {
  services::Library& library;
  services::Pool& pool;
  services::LiveLimits& limits;  ///< of the pool
  services::Generator& generator;
  services::Metrics& metrics;
  services::Adapters& adapters;
  services::Downloads& downloads;
  services::Conversions& conversions;
  services::ConversionPresets& conversion_presets;
  services::HubAccess& hub;
  services::Shelf& shelf;
  base::TaskPool& tasks;                ///< for what waits: disks, the Hub
  int context_limit = 0;                ///< engine.context_length: 0 = each model's own
  engine::PromptFolder prompts{{}, 0};  ///< that the workers use
  std::filesystem::path models_folder;  ///< where converted models go
  std::string version = {};             ///< of the program
};

/// Adds every endpoint to the router.
void add_routes(http::Router& router, const Services& services);

/// Writes errors that never reached an endpoint (unknown path, too large ...), in the envelope of
/// the path's protocol.
http::Response write_error(const http::Request& request, const Error& error);

}  // namespace hearth::api
