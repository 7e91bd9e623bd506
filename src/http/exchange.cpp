// Error answers, written by the protocol layer above.
#include "http/exchange.h"

#include <exception>
#include <utility>

#include "base/log.h"

namespace hearth::http {

Response Shared::refuse(const Request& request, Fault fault) const {
  Response response;
  try {
    response = write_error(request, fault.error);
  } catch (const std::exception& thrown) {
    log_error("http", "{}: the error \"{}\" could not be told: {}", request.id, fault.error.message,
              thrown.what());
    response = text("internal error\n", 500);
  }
  if (fault.status != 0) response.status = fault.status;
  if (!fault.allow.empty()) response.headers.set("allow", std::move(fault.allow));
  return response;
}

Response Shared::broke(const Request& request, std::string_view thrown) const {
  const auto target = std::string_view(request.target);
  log_error("http", "{}: {} {} failed: {}", request.id, name(request.method),
            target.substr(0, target.find('?')), thrown);
  Error error{
      ErrorCode::Internal,
      fmt::format("internal error: the server's log says more under request id {}", request.id)};
  return refuse(request, {std::move(error), 500, {}});
}

}  // namespace hearth::http
