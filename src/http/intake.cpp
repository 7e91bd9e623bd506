// Host check, target parsing and routing of one request.
#include "http/intake.h"

#include <utility>

#include "http/request_id.h"
#include "http/target.h"

namespace hearth::http {
namespace {

std::string allow_list(const std::vector<Method>& methods) {
  std::string list;
  for (const Method method : methods) list.append(name(method)).append(", ");
  return list + "OPTIONS";
}

std::optional<Fault> check_hosts(const HostGuard& guard, const Request& request,
                                 std::string_view authority) {
  auto checked = guard.check(request.headers.get("host").value_or(""));
  if (checked && !authority.empty()) checked = guard.check(authority);
  if (checked) return std::nullopt;
  return Fault{std::move(checked).error(), 0, {}};
}

std::optional<Fault> find_route(const Router& router, Exchange& exchange) {
  Request& request = exchange.request;
  auto match = router.find(request.method, request.path);
  if (match.route) {
    exchange.route = match.route;
    request.route_values = std::move(match.values);
    return std::nullopt;
  }
  const auto shown = request.target.substr(0, request.target.find('?'));
  if (match.allowed.empty())
    return Fault{Error{ErrorCode::UnknownRoute,
                       fmt::format("unknown URL: {} {}", name(request.method), shown)},
                 0,
                 {}};
  exchange.allow = allow_list(match.allowed);
  if (request.method == Method::Options) return std::nullopt;
  return Fault{
      Error{ErrorCode::MethodNotAllowed, fmt::format("{} does not take {} (it takes {})", shown,
                                                     name(request.method), exchange.allow)},
      0, exchange.allow};
}

}  // namespace

void complete_head(Exchange& exchange, RequestParser& parser) {
  exchange.request = std::move(parser.request());
  exchange.request.id = request_id(exchange.request.headers);
  exchange.http10 = parser.http10();
}

std::optional<Fault> judge(const Shared& shared, Exchange& exchange) {
  Request& request = exchange.request;
  auto target = parse_target(request.target);
  const std::string authority = target ? target->authority : std::string();
  const bool whole_server = target && target->whole_server;
  if (target) {
    request.path = std::move(target->path);
    request.query = std::move(target->query);
  }
  if (auto fault = check_hosts(shared.guard, request, authority)) return fault;
  if (!target) return Fault{std::move(target).error(), 0, {}};
  if (!whole_server) return find_route(shared.router, exchange);
  exchange.allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  if (request.method == Method::Options) return std::nullopt;
  return Fault{Error{ErrorCode::InvalidArgument, "the target \"*\" is for OPTIONS only"}, 0, {}};
}

}  // namespace hearth::http
