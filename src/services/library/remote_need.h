// What a model on the Hub will need, before it is here.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "hub/hub_client.h"
#include "services/library/memory_need.h"

namespace hearth::services {

/// Reads the revision's config.json; the weights count as their files say.
/// @returns NotFound where it has no config.json: it is no model that could be run
Result<MemoryNeed> remote_need(hub::HubClient& hub, const std::string& repository,
                               const std::string& revision, std::uint64_t weight_bytes);

/// Whether a file of that name holds weights.
bool holds_weights(std::string_view path);

}  // namespace hearth::services
