// The usual kinds of answer.
#include "http/response.h"

namespace hearth::http {
namespace {

Response whole(std::string body, int status, std::string content_type) {
  Response response;
  response.status = status;
  response.headers.add("content-type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

}  // namespace

Response json(std::string body, int status) {
  return whole(std::move(body), status, "application/json");
}

Response text(std::string body, int status) {
  return whole(std::move(body), status, "text/plain; charset=utf-8");
}

Response event_stream(std::unique_ptr<BodyStream> stream) {
  Response response;
  response.headers.add("content-type", "text/event-stream");
  response.headers.add("cache-control", "no-cache");
  response.headers.add("x-accel-buffering", "no");  // nginx would collect events otherwise
  response.body = std::move(stream);
  return response;
}

Response pending(std::unique_ptr<PendingResponse> later) {
  Response response;
  response.body = std::move(later);
  return response;
}

}  // namespace hearth::http
