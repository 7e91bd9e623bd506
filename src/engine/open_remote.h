// A model in a worker process, reached over a unix socket.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth::engine {

/// How a worker reports that it is still loading: 0..1.
using LoadProgress = std::function<void(double)>;

/// Speaks the worker's protocol over the connected stream socket `fd` (taken over, closed in the
/// end). Blocks until the worker says that it is ready (its ModelInfo) or why it failed. When the
/// socket breaks, every running request fails with EngineLost and lost() becomes true; `on_lost` is
/// called once, from the reader thread.
Result<std::unique_ptr<Engine>> open_remote(int fd, const LoadProgress& progress = {},
                                            std::function<void()> on_lost = {});

/// The other end: loads the model of `options`, answers requests on `fd` until it is closed, and
/// returns the process's exit status. What `hearth worker` does.
int run_worker(int fd, const EngineOptions& options);

}  // namespace hearth::engine
