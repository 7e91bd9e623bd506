// libcurl's easy interface, one handle per exchange.
#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "http/ascii.h"

namespace hearth::http {
namespace {

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;
using List = std::unique_ptr<curl_slist, FreeList>;

struct Arrival {
  ClientResponse response;
  const std::function<bool(std::string_view)>* on_body = nullptr;
  bool ended_by_caller = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* target) {
  auto& arrival = *static_cast<Arrival*>(target);
  const std::string_view piece(bytes, count);
  if (!*arrival.on_body) {
    arrival.response.body += piece;
    return count;
  }
  if ((*arrival.on_body)(piece)) return count;
  arrival.ended_by_caller = true;
  return CURL_WRITEFUNC_ERROR;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* target) {
  auto& arrival = *static_cast<Arrival*>(target);
  std::string_view line(bytes, count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/"))
    arrival.response.headers = {};  // after a 100 Continue another head follows
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  arrival.response.headers.add(std::string(line.substr(0, colon)),
                               std::string(trimmed(line.substr(colon + 1))));
  return count;
}

void set_method(CURL* curl, const ClientRequest& request) {
  if (request.method == Method::Head) curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  const bool sends_body = !request.body.empty() || request.method == Method::Post ||
                          request.method == Method::Put || request.method == Method::Patch;
  if (sends_body) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  const std::string method(name(request.method));
  if (request.method != Method::Head) curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
}

List header_list(const ClientRequest& request) {
  List list;
  const auto append = [&](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  for (const auto& [name, value] : request.headers.all())
    append(value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value));
  append("Expect:");  // the servers asked are near: waiting for a 100 would only cost time
  return list;
}

void set_limits(CURL* curl, const ClientRequest& request) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");  // a proxy for the internet has no business here
}

}  // namespace

Result<ClientResponse> fetch(const ClientRequest& request,
                             const std::function<bool(std::string_view)>& on_body) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Handle curl(started == CURLE_OK ? curl_easy_init() : nullptr);
  if (!curl) return fail(ErrorCode::Internal, "libcurl could not be started");
  Arrival arrival;
  arrival.on_body = &on_body;
  char reason[CURL_ERROR_SIZE] = "";
  const List headers = header_list(request);
  set_limits(curl.get(), request);
  set_method(curl.get(), request);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &arrival);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &arrival);

  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK && !arrival.ended_by_caller) {
    const std::string_view why = *reason ? reason : curl_easy_strerror(code);
    return fail(ErrorCode::Io, "no answer from {}: {}", request.url, why);
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  arrival.response.status = static_cast<int>(status);
  return std::move(arrival.response);
}

}  // namespace hearth::http
