// Choosing the file and the form of it that a client wants.
#include "http/assets.h"

#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <utility>

#include "http/ascii.h"

namespace hearth::http {
namespace {

using Index = std::unordered_map<std::string_view, const Asset*>;

struct Form {
  std::string_view bytes;
  std::string_view encoding;  // empty: plain
};

// How much a client wants `token` of a list like `br;q=0.9, *;q=0.1`: 0 to 1; nothing where it is
// not named.
std::optional<double> wish(std::string_view list, std::string_view token) {
  std::optional<double> found;
  for_each_element(list, [&](std::string_view element) {
    const auto semicolon = element.find(';');
    if (!equals_ignoring_case(trimmed(element.substr(0, semicolon)), token)) return;
    found = 1.0;
    if (semicolon == std::string_view::npos) return;
    const auto parameter = trimmed(element.substr(semicolon + 1));
    if (parameter.starts_with("q=") || parameter.starts_with("Q="))
      found = std::strtod(std::string(parameter.substr(2)).c_str(), nullptr);
  });
  return found;
}

Form choose_form(const Asset& asset, const Headers& headers) {
  const auto accepted = headers.get("accept-encoding").value_or("");
  const double others = wish(accepted, "*").value_or(0);
  const double brotli = asset.brotli.empty() ? 0 : wish(accepted, "br").value_or(others);
  const double gzip = asset.gzip.empty() ? 0 : wish(accepted, "gzip").value_or(others);
  if (brotli > 0 && brotli >= gzip) return {asset.brotli, "br"};
  if (gzip > 0) return {asset.gzip, "gzip"};
  return {asset.plain, {}};
}

// Each form has a tag of its own: `"hash"` becomes `"hash-br"`.
std::string tag_of(const Asset& asset, std::string_view encoding) {
  std::string tag(asset.etag);
  if (!encoding.empty()) tag.insert(tag.size() - 1, "-" + std::string(encoding));
  return tag;
}

// Any form of the same content counts: what the client holds is still right.
bool client_has(const Asset& asset, const Headers& headers) {
  bool has = false;
  for_each_element(headers.get("if-none-match").value_or(""), [&](std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    has |= tag == "*" || tag == asset.etag || tag == tag_of(asset, "br") ||
           tag == tag_of(asset, "gzip");
  });
  return has;
}

Response serve(const Asset& asset, const Request& request, const Headers& security_headers) {
  const Form form = choose_form(asset, request.headers);
  Response response;
  response.headers.add("etag", tag_of(asset, form.encoding));
  response.headers.add("vary", "accept-encoding");
  response.headers.add("cache-control",
                       asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (asset.content_type.starts_with("text/html"))
    for (const auto& [name, value] : security_headers.all()) response.headers.set(name, value);
  if (client_has(asset, request.headers)) {
    response.status = 304;
    return response;
  }
  response.headers.add("content-type", std::string(asset.content_type));
  if (!form.encoding.empty()) response.headers.add("content-encoding", std::string(form.encoding));
  response.body = form.bytes;
  return response;
}

bool wants_page(const Headers& headers) {
  return wish(headers.get("accept").value_or(""), "text/html").value_or(0) > 0;
}

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const auto& segment : path) text.append("/").append(segment);
  return text.empty() ? "/index.html" : text;
}

}  // namespace

Handler serve_assets(std::span<const Asset> assets, Headers security_headers, Handler not_found) {
  auto index = std::make_shared<Index>();
  for (const auto& asset : assets) index->emplace(asset.path, &asset);
  return [index = std::shared_ptr<const Index>(std::move(index)),
          security_headers = std::move(security_headers),
          not_found = std::move(not_found)](const Request& request) {
    auto found = index->find(joined(request.path));
    if (found == index->end() && wants_page(request.headers)) found = index->find("/index.html");
    if (found == index->end()) return not_found(request);
    return serve(*found->second, request, security_headers);
  };
}

}  // namespace hearth::http
