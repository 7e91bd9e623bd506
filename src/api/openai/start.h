// Starting the generations of one answer.
#pragma once

#include <string>
#include <vector>

#include "api/openai/answer.h"
#include "api/openai/fields.h"
#include "api/routes.h"

namespace hearth::api::openai {

/// Resolves the model, starts `n` generations per input and answers. Choice index = input x n + k;
/// each choice k of a seeded request draws with seed + k.
http::Response start_answer(const Services& services, const http::Request& request,
                            const CommonFields& fields, std::vector<engine::Input> inputs,
                            std::unique_ptr<ChunkWriter> writer);

}  // namespace hearth::api::openai
