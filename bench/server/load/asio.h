// The few Asio types of this folder. One thread runs everything.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace hearth::load {

namespace asio = boost::asio;
using Socket = asio::ip::tcp::socket;
template <class T>
using Task = asio::awaitable<T>;

}  // namespace hearth::load
