// POST /v1/requests/{id}/cancel: ends what runs under a request's or an answer's id.
#include "api/openai/cancel_request.h"

#include "api/openai/error.h"
#include "base/json.h"

namespace hearth::api::openai {

http::Route cancel_request(const Services& services) {
  return {http::Method::Post, "/v1/requests/{id}/cancel", [services](const http::Request& request) {
            const std::string id(request.route_value("id"));
            if (services.generator.cancel(id) == 0)
              return error_response(
                  {.code = ErrorCode::NotFound,
                   .message = fmt::format("no request with the id \"{}\" is running: it has ended, "
                                          "or never was; ids stand in the header x-request-id and "
                                          "in the answer",
                                          id),
                   .param = "id"});
            return http::json(base::write_json(json::object{{"id", id}, {"status", "cancelled"}}));
          }};
}

}  // namespace hearth::api::openai
