// Questions to the Hub, asked for a client.
#include "api/admin/discover.h"

#include <charconv>
#include <optional>

#include "api/admin/in_background.h"
#include "api/admin/problem.h"
#include "base/json.h"
#include "hub/hub_client.h"
#include "hub/names.h"
#include "hub/patterns.h"
#include "services/discover/catalogue.h"
#include "services/discover/search.h"
#include "services/library/model_json.h"
#include "services/library/remote_need.h"

namespace hearth::api::admin {
namespace {

std::string text(const http::Request& request, std::string_view key) {
  return std::string(request.query_value(key).value_or(""));
}

Result<int> read_limit(const http::Request& request) {
  const auto given = request.query_value("limit");
  if (!given) return 20;
  int limit = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), limit);
  if (error == std::errc() && end == given->data() + given->size() && limit >= 1 && limit <= 500)
    return limit;
  return wrong_field("limit", "must be a whole number from 1 to 500");
}

Result<bool> read_direction(const http::Request& request) {
  const std::string given = text(request, "direction");
  if (given.empty() || given == "descending" || given == "-1") return false;
  if (given == "ascending" || given == "1") return true;
  return wrong_field("direction", "must be descending or ascending");
}

Result<hub::SearchQuery> read_query(const http::Request& request) {
  hub::SearchQuery query{.text = text(request, "search"),
                         .author = text(request, "author"),
                         .filters = {},
                         .task = text(request, "task"),
                         .app = text(request, "app"),
                         .sort = text(request, "sort"),
                         .ascending = TRY(read_direction(request)),
                         .limit = TRY(read_limit(request)),
                         .expand = services::search_members()};
  for (const auto& [key, value] : request.query)
    if (key == "filter" && !value.empty()) query.filters.push_back(value);
  // Models for MLX, unless the client says what it wants.
  if (!request.query_value("filter")) query.filters.emplace_back("mlx");
  if (query.sort.empty()) query.sort = query.text.empty() ? "trendingScore" : "downloads";
  if (const auto checked = hub::query_text(query); !checked)
    return wrong_field("sort", checked.error().message);
  return query;
}

/// Only the part that the Hub chose itself travels to the client and back: never an address.
std::string page_of(const std::string& address) {
  const auto query = address.find('?');
  return query == std::string::npos ? std::string() : address.substr(query + 1);
}

Result<std::string> page_address(const hub::Places& places, const std::string& page) {
  const auto odd = [](unsigned char letter) { return letter <= 0x20 || letter >= 0x7f; };
  if (std::ranges::any_of(page, odd) || page.contains('#'))
    return wrong_field("page", "must be the \"next\" of another answer");
  return fmt::format("{}/api/models?{}", places.endpoint, page);
}

Result<bool> read_fits(const http::Request& request) {
  const std::string given = text(request, "fits");
  if (given.empty() || given == "false") return false;
  if (given == "true") return true;
  return wrong_field("fits", "must be true or false");
}

Result<json::object> search_hub(const Services& services, const http::Request& request,
                                const std::function<bool()>& wanted) {
  const hub::Places places = TRY(services.hub.places());
  hub::HubClient hub(places, wanted);
  const services::MachineView view{.budget_bytes = services.pool.limits().rules.budget_bytes,
                                   .only_fitting = TRY(read_fits(request))};
  const std::string page = text(request, "page");
  const auto found = page.empty()
                         ? TRY(services::search(hub, TRY(read_query(request)), view))
                         : TRY(services::search_page(hub, TRY(page_address(places, page)), view));
  json::array models;
  for (const auto& model : found.models) models.push_back(services::describe(model));
  const std::string next = page_of(found.next);
  return json::object{{"models", std::move(models)},
                      {"next", next.empty() ? json::value() : json::value(next)}};
}

Result<json::object> recommended(const Services& services, const http::Request&,
                                 const std::function<bool()>&) {
  const std::uint64_t budget = services.pool.limits().rules.budget_bytes;
  json::array models;
  for (const auto& one : services::recommend(budget, services.library.list()))
    models.push_back(services::describe(one));
  return json::object{{"models", std::move(models)}, {"budget_bytes", budget}};
}

/// The model card, or nothing where there is none.
Result<json::value> card(hub::HubClient& hub, const hub::ModelInfo& model) {
  const auto text = hub.readme(model.id, model.commit);
  if (text) return json::value(*text);
  if (text.error().code == ErrorCode::NotFound) return json::value();
  return fail(text.error());
}

/// Null where the repository holds nothing that could be run.
Result<json::value> fit_of(hub::HubClient& hub, const hub::ModelInfo& model,
                           std::uint64_t weight_bytes, std::uint64_t budget_bytes) {
  if (weight_bytes == 0) return json::value();
  const auto need = services::remote_need(hub, model.id, model.commit, weight_bytes);
  if (need) return json::value(services::describe_fit(services::fit(*need, budget_bytes)));
  if (need.error().code == ErrorCode::NotFound) return json::value();
  return fail(need.error());
}

Result<json::object> show_repository(const Services& services, const http::Request& request,
                                     const std::function<bool()>& wanted) {
  const auto id = fmt::format("{}/{}", request.route_value("owner"), request.route_value("name"));
  if (const auto named = hub::check_repository(id); !named)
    return wrong_field("name", named.error().message);
  std::string revision = text(request, "revision");
  if (revision.empty()) revision = "main";
  if (const auto named = hub::check_revision(revision); !named)
    return wrong_field("revision", named.error().message);
  hub::HubClient hub(TRY(services.hub.places()), wanted);
  hub::ModelInfo model = TRY(hub.model(id, revision));
  model.id = id;
  json::array files;
  std::uint64_t bytes = 0;
  std::uint64_t weights = 0;
  const hub::Patterns usual;
  for (const hub::RemoteFile& file : TRY(hub.files(id, model.commit))) {
    const bool fetched = usual.wants(file.path);
    if (fetched) bytes += file.bytes;
    if (fetched && services::holds_weights(file.path)) weights += file.bytes;
    files.push_back(json::object{{"path", file.path}, {"bytes", file.bytes}, {"fetched", fetched}});
  }
  json::object out = services::describe(model);
  out["revision"] = revision;
  out["commit"] = model.commit;
  out["download_bytes"] = bytes;
  out["files"] = std::move(files);
  out["config"] = std::move(model.config);
  out["fit"] = TRY(fit_of(hub, model, weights, services.pool.limits().rules.budget_bytes));
  out["card"] = TRY(card(hub, model));
  return out;
}

}  // namespace

http::Route discover(const Services& services) {
  return {http::Method::Get, "/admin/api/discover", answer_with(services, search_hub)};
}

http::Route recommended_models(const Services& services) {
  return {http::Method::Get, "/admin/api/discover/recommended", answer_with(services, recommended)};
}

http::Route discover_model(const Services& services) {
  return {http::Method::Get, "/admin/api/discover/{owner}/{name}",
          answer_with(services, show_repository)};
}

}  // namespace hearth::api::admin
