// Saved prompts: beginnings of prompts that are kept on disk, so that nobody reads them twice.
#pragma once

#include "api/routes.h"
#include "base/json.h"

namespace hearth::api::admin {

/// GET /admin/api/prompts: what lies on disk, of all models, the latest used first.
http::Route list_prompts(const Services& services);

/// DELETE /admin/api/prompts/{id}: removes a file. What a loaded model still holds of it in memory
/// goes when room is needed.
http::Route remove_prompt(const Services& services);

/// A saved prompt as the endpoints tell it.
json::object describe(const engine::SavedPrompt& prompt);

}  // namespace hearth::api::admin
