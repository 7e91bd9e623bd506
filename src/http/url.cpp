// Addresses by libcurl's parser, so that what is checked is what will be asked.
#include "http/url.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "http/ascii.h"

namespace hearth::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::optional<std::string> part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copied(text);
  curl_free(text);
  return copied;
}

bool is_web(const Url& url) {
  const auto scheme = part(url, CURLUPART_SCHEME);
  return scheme == "http" || scheme == "https";
}

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') ||
         std::string_view("-._~").find(letter) != std::string_view::npos;
}

}  // namespace

std::string percent_encoded(std::string_view text, std::string_view keep) {
  std::string out;
  for (const char letter : text) {
    if (is_plain(letter) || keep.find(letter) != std::string_view::npos)
      out += letter;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  }
  return out;
}

Result<std::string> origin_of(const std::string& url) {
  const Url parsed(curl_url());
  const bool good = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  const auto host = good && is_web(parsed) ? part(parsed, CURLUPART_HOST) : std::nullopt;
  const auto port = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!host || !port)
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is no address of a server: write it as https://name", url);
  return fmt::format("{}://{}:{}", *part(parsed, CURLUPART_SCHEME), lower_case(*host), *port);
}

Result<std::string> redirect_target(const std::string& url, const std::string& location) {
  const Url parsed(curl_url());
  const bool good = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                    curl_url_set(parsed.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK;
  const auto target = good && is_web(parsed) ? part(parsed, CURLUPART_URL) : std::nullopt;
  if (!target)
    return fail(ErrorCode::Upstream, "{} redirects to \"{}\", which is no web address", url,
                location);
  if (lower_case(url).starts_with("https:") && part(parsed, CURLUPART_SCHEME) != "https")
    return fail(ErrorCode::Upstream, "{} redirects to {}, which is not encrypted", url, *target);
  return *target;
}

}  // namespace hearth::http
