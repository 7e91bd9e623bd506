// Opening the sockets that a server accepts on.
#pragma once

#include <vector>

#include "base/result.h"
#include "http/asio.h"
#include "http/server.h"

namespace hearth::http {

/// Binds every address of `options.host`, all on one port. What fails is told with address, port
/// and what to do.
Result<std::vector<Acceptor>> open_acceptors(asio::io_context& io, const ServerOptions& options);

/// Raises this process's limit of open files, as far as it may, so that `connections` fit.
/// @returns the limit that holds now.
std::size_t make_room_for(std::size_t connections);

}  // namespace hearth::http
