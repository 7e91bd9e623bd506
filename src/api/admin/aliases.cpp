// The table of aliases.
#include "api/admin/aliases.h"

#include <string_view>
#include <utility>

#include "api/admin/discover.h"
#include "api/admin/downloads.h"
#include "api/admin/models.h"
#include "api/admin/system.h"

namespace hearth::api::admin {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

http::Route alias(std::string pattern, http::Route route) {
  route.pattern = std::move(pattern);
  return route;
}

/// A search of its own name: what it looks for stands in front of what the client asks.
http::Route search_alias(const Services& services, std::string_view name, Query fixed) {
  http::Route route = alias(fmt::format("/v1/discover/{}", name), discover(services));
  route.handler = [inner = std::move(route.handler),
                   fixed = std::move(fixed)](const http::Request& request) {
    http::Request asked = request;
    asked.query.insert(asked.query.begin(), fixed.begin(), fixed.end());
    return inner(asked);
  };
  return route;
}

}  // namespace

std::vector<http::Route> aliases(const Services& services) {
  return {
      alias("/v1/models/install", add_download(services)),
      alias("/v1/models/{id...}", remove_model(services)),
      search_alias(services, "models", {}),
      search_alias(services, "popular", {{"sort", "downloads"}}),
      search_alias(services, "trending", {{"sort", "trendingScore"}}),
      search_alias(services, "compatible", {{"fits", "true"}}),
      search_alias(services, "embeddings", {{"task", "feature-extraction"}}),
      search_alias(services, "stt", {{"task", "automatic-speech-recognition"}}),
      search_alias(services, "vision", {{"task", "image-text-to-text"}}),
      alias("/v1/discover/models/{owner}/{name}", discover_model(services)),
      alias("/v1/system/status", system(services)),
      alias("/v1/admin/models", list_models(services)),
      alias("/v1/admin/models/{id...}", show_model(services)),
  };
}

}  // namespace hearth::api::admin
