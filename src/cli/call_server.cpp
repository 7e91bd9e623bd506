// Requests to the management API, and its refusals as errors.
#include "cli/call_server.h"

#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "http/client.h"
#include "http/url.h"

namespace hearth::cli {
namespace {

constexpr int kFirstError = 400;

std::unexpected<Error> not_ours() {
  return fail(ErrorCode::Upstream, "what answers at that address is not a Hearth server");
}

/// What a problem document says.
std::unexpected<Error> refused(const json::value& problem) {
  boost::system::error_code missing;
  const json::value* detail = problem.find_pointer("/detail", missing);
  if (detail == nullptr || !detail->is_string()) return not_ours();
  return fail(ErrorCode::Upstream, "{}", std::string_view(detail->get_string()));
}

Result<json::value> call(const services::Settings& settings, std::string_view path,
                         http::ClientRequest request) {
  request.url = fmt::format("http://{}:{}{}", settings.host, settings.port, path);
  const auto response = http::fetch(request);
  if (!response)
    return fail(ErrorCode::Io,
                "no Hearth server answers at {}:{} (start one with `hearth serve`, or name another "
                "port with --port)",
                settings.host, settings.port);
  auto document = base::parse_json(response->body);
  if (!document) return not_ours();
  if (response->status >= kFirstError) return refused(*document);
  return std::move(*document);
}

}  // namespace

Result<json::value> get_from_server(const services::Settings& settings, std::string_view path) {
  return call(settings, path, {.timeout = std::chrono::seconds(5)});
}

Result<json::value> post_to_server(const services::Settings& settings, std::string_view path,
                                   const json::object& body) {
  http::ClientRequest request{.method = http::Method::Post,
                              .body = base::write_json(body),
                              .timeout = std::chrono::milliseconds(0)};
  request.headers.set("content-type", "application/json");
  return call(settings, path, std::move(request));
}

Result<json::value> delete_on_server(const services::Settings& settings, std::string_view path) {
  return call(settings, path,
              {.method = http::Method::Delete, .timeout = std::chrono::milliseconds(0)});
}

std::string model_path(std::string_view id, std::string_view order) {
  return fmt::format("/admin/api/models/{}/{}", http::percent_encoded(id, "/"), order);
}

}  // namespace hearth::cli
