// Answers that must wait for a disk or for another server.
#pragma once

#include <functional>

#include "base/task_pool.h"
#include "http/response.h"

namespace hearth::api::admin {

/// Runs `work` on the pool and answers with what it returns. Its argument tells whether somebody
/// still waits for the answer; 503 where the server is about to end.
http::Response in_background(
    base::TaskPool& pool, std::function<http::Response(const std::function<bool()>& wanted)> work);

}  // namespace hearth::api::admin
