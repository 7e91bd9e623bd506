// GET and POST /lora-adapters: llama-server's endpoints for a model's adapters.
#pragma once

#include "api/routes.h"

namespace hearth::api::openai {

/// `[{id, path, name, scale}]` of the model named by the query's `model`, else the first one
/// served; `scale` counts for requests that choose none themselves. Folders are told by their last
/// part alone.
http::Route list_adapters(const Services& services);

/// Takes `[{id, scale}]`; adapters that are not named get 0.
http::Route set_adapters(const Services& services);

}  // namespace hearth::api::openai
