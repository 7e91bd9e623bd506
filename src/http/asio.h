// The few Asio types this folder uses: everything of one connection runs on its strand.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include "base/clock.h"

namespace hearth::http {

namespace asio = boost::asio;
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Strand>;
using Timer =
    asio::basic_waitable_timer<base::SteadyClock, asio::wait_traits<base::SteadyClock>, Strand>;

/// A coroutine of this folder. Parameters by value, no temporaries with captures in a co_await
/// expression.
template <class T>
using Task = asio::awaitable<T, Strand>;

}  // namespace hearth::http
