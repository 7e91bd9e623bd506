// Following redirects by hand, since the token must not travel with them.
#include "hub/asker.h"

#include <utility>

#include "http/url.h"

namespace hearth::hub {
namespace {

constexpr int kMostRedirects = 8;

/// The address's beginning: scheme, name and port as they stand there.
std::string server_of(const std::string& url) {
  const auto name = url.find("://");
  return name == std::string::npos ? url : url.substr(0, url.find_first_of("/?#", name + 3));
}

/// Says which server is silent rather than what it was asked, which may be long, and what to do.
Error with_advice(Error error, const std::string& url) {
  if (error.code != ErrorCode::Io) return error;
  if (const auto at = error.message.find(url); at != std::string::npos)
    error.message.replace(at, url.size(), server_of(url));
  error.message +=
      "; check the line, the proxy (https_proxy) and the mirror (HF_ENDPOINT), then try again. "
      "Models that are here need no network: `hearth list` shows them, and HF_HUB_OFFLINE=1 keeps "
      "the Hub from being asked";
  return error;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Asker::Asker(const Places& places, const AskLimits& limits)
    : places_(places),
      limits_(limits),
      hub_origin_(http::origin_of(places.endpoint).value_or(std::string())) {}

bool Asker::is_hub(const std::string& url) const {
  return !hub_origin_.empty() && http::origin_of(url).value_or(std::string()) == hub_origin_;
}

http::ClientRequest Asker::request(const std::string& url, const http::Headers& headers) const {
  http::ClientRequest request{.url = url,
                              .headers = headers,
                              .timeout = limits_.timeout,
                              .stall_timeout = limits_.stall_timeout,
                              .least_bytes_per_s = limits_.least_bytes_per_s,
                              .use_proxies = true};
  request.headers.set("User-Agent", "hearth");
  request.headers.set("Accept-Encoding", "identity");  // ranges count the bytes of the file itself
  if (!places_.token.empty() && is_hub(url))
    request.headers.set("Authorization", "Bearer " + places_.token);
  return request;
}

Result<Asker::Answer> Asker::get(std::string url, const http::Headers& headers,
                                 const http::ClientHooks& hooks) {
  if (places_.offline)
    return fail(ErrorCode::Upstream,
                "HF_HUB_OFFLINE is set, so the Hub is not asked: unset it to search or download; "
                "`hearth list` shows what is here");
  http::ClientHooks seen = hooks;
  seen.on_head = [&hooks](const http::ClientResponse& response) {
    return !is_redirect(response.status) && (!hooks.on_head || hooks.on_head(response));
  };
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    auto response = client_.fetch(request(url, headers), seen);
    if (!response) return fail(with_advice(std::move(response).error(), url));
    const auto location = response->headers.get("location");
    if (!is_redirect(response->status) || !location)
      return Answer{.response = std::move(*response), .url = std::move(url)};
    url = TRY(http::redirect_target(url, std::string(*location)));
  }
  return fail(ErrorCode::Upstream, "{}: redirected more than {} times", url, kMostRedirects);
}

}  // namespace hearth::hub
