// A worker's side of the connection to its server.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/open_remote.h"

namespace hearth::engine {

/// Loads the model; tells how far it is.
using OpenEngine = std::function<Result<std::unique_ptr<Engine>>(const LoadProgress& progress)>;

/// Serves one server over the socket `fd` (taken over) until it closes: loads the model, then runs
/// requests. A server that reads slowly costs memory for the text, never the engine's time.
///
/// @param on_closed  called on another thread as soon as the server has gone, before running work
/// is
///                   cancelled; loading cannot be interrupted, so a process may end itself here
/// @returns exit status: 0 when the server closed, 1 when the model could not be loaded, 2 when the
///          server made no sense
int serve_session(int fd, const OpenEngine& open,
                  const std::function<void(bool still_loading)>& on_closed);

}  // namespace hearth::engine
