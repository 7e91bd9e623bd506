// libcurl's easy interface: one handle per client, set up anew for each exchange.
#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <utility>

#include "http/ascii.h"

namespace hearth::http {
namespace {

/// The most that on_body gets at once.
constexpr long kPieceBytes = 128L * 1024;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

/// An exchange on its way, as libcurl's callbacks see it.
struct Arrival {
  CURL* curl = nullptr;
  const ClientRequest* request = nullptr;
  const ClientHooks* hooks = nullptr;
  ClientResponse response;
  bool head_seen = false;
  bool body_to_caller = false;
  bool ended_by_caller = false;
  bool too_large = false;
  bool cancelled = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* target) {
  auto& arrival = *static_cast<Arrival*>(target);
  const std::string_view piece(bytes, count);
  if (arrival.body_to_caller) {
    if (arrival.hooks->on_body(piece)) return count;
    arrival.ended_by_caller = true;
    return CURL_WRITEFUNC_ERROR;
  }
  arrival.too_large = arrival.response.body.size() + count > arrival.request->most_body_bytes;
  if (arrival.too_large) return CURL_WRITEFUNC_ERROR;
  arrival.response.body += piece;
  return count;
}

/// The empty line behind the headers: what follows is the body, unless this was only a 1xx.
void end_head(Arrival& arrival) {
  long status = 0;
  curl_easy_getinfo(arrival.curl, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || std::exchange(arrival.head_seen, true)) return;
  arrival.response.status = static_cast<int>(status);
  const ClientHooks& hooks = *arrival.hooks;
  arrival.body_to_caller = hooks.on_body && (!hooks.on_head || hooks.on_head(arrival.response));
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* target) {
  auto& arrival = *static_cast<Arrival*>(target);
  std::string_view line(bytes, count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) end_head(arrival);
  if (arrival.head_seen) return count;  // trailers
  if (line.starts_with("HTTP/"))
    arrival.response.headers = {};  // after a 100 Continue another head follows
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  arrival.response.headers.add(std::string(line.substr(0, colon)),
                               std::string(trimmed(line.substr(colon + 1))));
  return count;
}

int ask_whether_to_go_on(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& arrival = *static_cast<Arrival*>(target);
  arrival.cancelled = !arrival.hooks->keep_going();
  return arrival.cancelled ? 1 : 0;
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
  append("Expect:");  // what is sent is short: waiting for a 100 would only cost time
  return list;
}

void set_limits(CURL* curl, const ClientRequest& request) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (!request.use_proxies) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (request.stall_timeout.count() == 0) return;
  const auto patience = static_cast<long>(request.stall_timeout.count());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, patience);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, patience);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(request.least_bytes_per_s));
}

void set_callbacks(CURL* curl, Arrival& arrival) {
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // those of a proxy
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &arrival);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &arrival);
  if (arrival.hooks->on_body) curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, kPieceBytes);
  if (!arrival.hooks->keep_going) return;
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ask_whether_to_go_on);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &arrival);
}

std::optional<std::chrono::seconds> retry_after(CURL* curl) {
  curl_off_t seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

CURL* new_handle() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  return started == CURLE_OK ? curl_easy_init() : nullptr;
}

}  // namespace

struct Client::Handle {
  CURL* curl = new_handle();

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { curl_easy_cleanup(curl); }
};

Client::Client() : handle_(std::make_unique<Handle>()) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<ClientResponse> Client::fetch(const ClientRequest& request, const ClientHooks& hooks) {
  CURL* curl = handle_->curl;
  if (curl == nullptr) return fail(ErrorCode::Internal, "libcurl could not be started");
  curl_easy_reset(curl);  // keeps its connections
  Arrival arrival{.curl = curl, .request = &request, .hooks = &hooks, .response = {}};
  char reason[CURL_ERROR_SIZE] = "";
  const List headers = header_list(request);
  set_limits(curl, request);
  set_method(curl, request);
  set_callbacks(curl, arrival);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);

  if (arrival.cancelled)
    return fail(ErrorCode::Cancelled, "{}: ended before it was whole", request.url);
  if (arrival.too_large)
    return fail(ErrorCode::TooLarge, "{}: the answer is longer than {} bytes", request.url,
                request.most_body_bytes);
  if (code != CURLE_OK && !arrival.ended_by_caller) {
    const std::string_view why = *reason ? reason : curl_easy_strerror(code);
    return fail(ErrorCode::Io, "no answer from {}: {}", request.url, why);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  arrival.response.status = static_cast<int>(status);
  arrival.response.retry_after = retry_after(curl);
  return std::move(arrival.response);
}

Result<ClientResponse> fetch(const ClientRequest& request,
                             const std::function<bool(std::string_view)>& on_body) {
  return Client().fetch(request, {.on_head = {}, .on_body = on_body, .keep_going = {}});
}

}  // namespace hearth::http
