// Models over HTTP: what is known of them, and deleting.
#include "api/admin/models.h"

#include "api/admin/in_background.h"
#include "api/admin/problem.h"
#include "base/json.h"
#include "services/library/disk_usage.h"
#include "services/library/model_json.h"

namespace hearth::api::admin {
namespace {

constexpr std::string_view kModelPath = "/admin/api/models/{id...}";

json::object describe_model(const Services& services, const services::ModelEntry& model) {
  json::object out = services::describe(model, services.pool.limits().rules.budget_bytes);
  out["state"] = services::name(services.pool.state(model.id));
  const services::ModelSettings settings = services.shelf.of(model.id);
  out["favourite"] = settings.favourite;
  out["note"] = settings.note;
  const store::PoolModel known = services.pool.known(model.id);
  out["pinned"] = known.pinned;
  out["preload"] = known.preload;
  out["measured"] =
      json::object{{"base_bytes", known.base_bytes}, {"peak_bytes", known.peak_bytes}};
  return out;
}

http::Response answer_models(const Services& services) {
  json::array models;
  std::uint64_t bytes = 0;
  for (const services::ModelEntry& model : services.library.list()) {
    models.push_back(describe_model(services, model));
    bytes += model.bytes;
  }
  return http::json(
      base::write_json(json::object{{"models", std::move(models)}, {"bytes", bytes}}));
}

http::Response answer_model(const Services& services, const http::Request& request) {
  const auto model = services.library.resolve(request.route_value("id"));
  if (!model) return problem(request, model.error());
  return http::json(base::write_json(describe_model(services, *model)));
}

/// Deleting takes the whole id: a slip must not find another model.
Result<services::ModelEntry> named_in_full(const Services& services, std::string_view id) {
  for (services::ModelEntry& model : services.library.list())
    if (model.id == id) return std::move(model);
  return fail(ErrorCode::ModelNotFound,
              "there is no model \"{}\" here: deleting takes its id in full", id);
}

Result<void> check_unused(const Services& services, const services::ModelEntry& model) {
  const auto state = services.pool.state(model.id);
  if (state == services::ModelState::Loading || state == services::ModelState::Loaded)
    return fail(ErrorCode::InvalidArgument,
                "{} is in memory: its files would only be freed when it leaves; unload it "
                "first (POST /admin/api/models/{}/unload)",
                model.id, model.id);
  for (const auto& download : *services.downloads.list())
    if (download->row.repository == model.id && !services::has_ended(download->row.state))
      return fail(ErrorCode::InvalidArgument, "{} is being downloaded ({}): cancel that first",
                  model.id, store::name(download->row.state));
  for (const auto& conversion : *services.conversions.list())
    if (conversion->row.source == model.folder && !services::has_ended(conversion->row.state))
      return fail(ErrorCode::InvalidArgument,
                  "{} is being converted, or waits for that ({}): cancel that first", model.id,
                  conversion->row.id);
  return {};
}

Result<json::object> remove_unused(const Services& services, std::string_view id) {
  const auto model = TRY(named_in_full(services, id));
  TRY(check_unused(services, model));
  const auto freed = TRY(services::remove_model(model, services.library.folders().hub_cache));
  services.library.look_again();
  return json::object{{"id", model.id}, {"removed", true}, {"freed_bytes", freed}};
}

}  // namespace

http::Route list_models(const Services& services) {
  return {http::Method::Get, "/admin/api/models", [services](const http::Request&) {
            return in_background(services.tasks,
                                 [services](const auto&) { return answer_models(services); });
          }};
}

http::Route show_model(const Services& services) {
  return {http::Method::Get, std::string(kModelPath), [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return answer_model(services, request);
            });
          }};
}

http::Route remove_model(const Services& services) {
  return {http::Method::Delete, std::string(kModelPath), [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              const auto removed = remove_unused(services, request.route_value("id"));
              if (!removed) return problem(request, removed.error());
              return http::json(base::write_json(*removed));
            });
          }};
}

}  // namespace hearth::api::admin
