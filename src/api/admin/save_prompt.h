// Saving the beginning of later prompts.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

/// POST /admin/api/prompts {model, name, messages | prompt}: computes the beginning that all later
/// prompts share with this one, unless the model has it already, and answers when it is on disk.
http::Route save_prompt(const Services& services);

}  // namespace hearth::api::admin
