// Answers that must wait for a disk or for another server.
#pragma once

#include <functional>

#include "api/routes.h"
#include "base/json.h"
#include "base/task_pool.h"
#include "http/response.h"

namespace hearth::api::admin {

/// Runs `work` on the pool and answers with what it returns. Its argument tells whether somebody
/// still waits for the answer; 503 where the server is about to end.
http::Response in_background(
    base::TaskPool& pool, std::function<http::Response(const std::function<bool()>& wanted)> work);

/// What a client asks of a disk or of another server.
using Question = std::function<Result<json::object>(const Services&, const http::Request&,
                                                    const std::function<bool()>& wanted)>;

/// Asks in the background and answers with the object, or with the problem.
http::Handler answer_with(const Services& services, Question question);

}  // namespace hearth::api::admin
