// Resolving, binding, and saying why it did not work.
#include "http/listen.h"

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <sys/resource.h>
#include <utility>

namespace hearth::http {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kOtherFiles = 256;  // database, log, models, workers

std::string advice(const error_code& error, std::uint16_t port) {
  if (error == asio::error::address_in_use)
    return fmt::format(
        "port {} is already in use: stop the program that holds it, or choose another port", port);
  if (error == asio::error::access_denied)
    return fmt::format(
        "port {} is not permitted: ports below 1024 need privileges, choose a higher one", port);
  if (error == boost::system::errc::address_not_available)
    return "no network interface of this machine has that address: use 127.0.0.1, 0.0.0.0 or one "
           "of its own";
  return error.message();
}

error_code open_acceptor(Acceptor& acceptor, const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error && address.is_v6())
    acceptor.set_option(asio::ip::v6_only(!address.is_unspecified()), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  return error;
}

std::string shown(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  if (endpoint.address().is_v6()) return fmt::format("[{}]:{}", address, endpoint.port());
  return fmt::format("{}:{}", address, endpoint.port());
}

Result<std::vector<tcp::endpoint>> resolve(asio::io_context& io, const ServerOptions& options) {
  if (options.host.empty())  // the system would take that for every interface
    return fail(ErrorCode::Io, "cannot listen on \"\": name an address, such as 127.0.0.1");
  tcp::resolver resolver(io);
  error_code error;
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty())
    return fail(ErrorCode::Io,
                "cannot listen on \"{}\": it is no address of this machine ({}); use 127.0.0.1, "
                "0.0.0.0 or a name that resolves to one of its addresses",
                options.host, error.message());
  std::vector<tcp::endpoint> endpoints;
  // IPv4 first: it decides the port where any will do, and it is there on every machine.
  for (const bool v4 : {true, false})
    for (const auto& entry : found)
      if (entry.endpoint().address().is_v4() == v4) endpoints.push_back(entry.endpoint());
  return endpoints;
}

}  // namespace

Result<std::vector<Acceptor>> open_acceptors(asio::io_context& io, const ServerOptions& options) {
  std::vector<Acceptor> acceptors;
  for (auto endpoint : TRY(resolve(io, options))) {
    if (!acceptors.empty()) endpoint.port(acceptors.front().local_endpoint().port());
    Acceptor acceptor(asio::make_strand(io));
    const error_code error = open_acceptor(acceptor, endpoint);
    if (!error)
      acceptors.push_back(std::move(acceptor));
    else if (acceptors.empty() || error == asio::error::address_in_use)
      return fail(ErrorCode::Io, "cannot listen on {}: {}", shown(endpoint),
                  advice(error, endpoint.port()));
  }
  return acceptors;
}

std::size_t make_room_for(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t wanted = connections + kOtherFiles;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  const rlimit raised{std::min(wanted, limit.rlim_max), limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace hearth::http
