// Starting the generations of one answer.
#pragma once

#include <memory>

#include "api/openai/answer.h"
#include "api/openai/fields.h"
#include "api/openai/named_model.h"
#include "api/routes.h"

namespace hearth::api::openai {

/// What adds to every generation: the request's own choice first, then its model's name, then what
/// is usual for the model.
void choose_adapters(const Services& services, const NamedModel& named, Asked& asked);

/// Resolves the model, starts the generations and answers. Every input gets `best_of` of them, of
/// which the best `n` are kept: choice index = input x n + k. Generation k of a seeded request
/// draws with seed + k, so that it is the same as a request of its own with that seed.
http::Response start_answer(const Services& services, const http::Request& request, Asked asked,
                            std::unique_ptr<ChunkWriter> writer);

}  // namespace hearth::api::openai
