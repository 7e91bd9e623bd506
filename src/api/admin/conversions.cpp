// The queue of conversions over HTTP.
#include "api/admin/conversions.h"

#include <boost/describe.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "api/admin/difference_events.h"
#include "api/admin/in_background.h"
#include "api/admin/percent.h"
#include "api/admin/problem.h"
#include "base/decode.h"
#include "services/conversions/plan_conversion.h"

namespace hearth::api::admin {
namespace wire {

struct NewConversions {
  std::optional<std::string> model;
  std::optional<std::vector<std::string>> models;
  std::optional<std::string> name;
  std::optional<std::string> preset;
  std::optional<json::value> options;
  std::optional<bool> replace;
};
BOOST_DESCRIBE_STRUCT(NewConversions, (), (model, models, name, preset, options, replace))

struct MoveConversion {
  std::uint32_t place = 0;
};
BOOST_DESCRIBE_STRUCT(MoveConversion, (), (place))

}  // namespace wire

namespace {

using Requests = std::vector<services::ConversionRequest>;

constexpr std::string_view kConversionsPath = "/admin/api/conversions";
constexpr std::string_view kConversionPath = "/admin/api/conversions/{id}";
constexpr std::size_t kMostAtOnce = 100;

/// What is kept as text is JSON that we wrote.
json::value parsed(const std::string& text) {
  return text.empty() ? json::value() : base::parse_json(text).value_or(json::value());
}

json::value error_of(const store::ConversionRow& row, store::ConversionState state) {
  if (row.state != state || row.error.empty()) return {};
  return json::object{{"code", row.error_code}, {"message", row.error}};
}

Result<Requests> read_conversions(const std::string& body) {
  auto wanted = TRY(base::decode<wire::NewConversions>(TRY(base::parse_json(body))));
  if (wanted.model.has_value() == wanted.models.has_value())
    return fail(base::fold({{.path = "model", .message = "is required, or a list of models"}}));
  services::ConversionRequest request{.name = std::move(wanted.name).value_or(""),
                                      .preset = std::move(wanted.preset).value_or(""),
                                      .replaces = wanted.replace.value_or(false)};
  if (wanted.options)
    request.options = TRY(services::read_conversion_options(*wanted.options, "options"));
  std::vector<std::string> models;
  if (wanted.models) models = std::move(*wanted.models);
  if (wanted.model) models.push_back(std::move(*wanted.model));
  if (models.empty() || models.size() > kMostAtOnce)
    return fail(base::fold(
        {{.path = "models", .message = fmt::format("must name 1 to {} models", kMostAtOnce)}}));
  if (models.size() > 1 && !request.name.empty())
    return fail(base::fold({{.path = "name", .message = "goes with one model only"}}));
  Requests requests;
  for (std::string& model : models) {
    request.model = std::move(model);
    requests.push_back(request);
  }
  return requests;
}

Result<std::vector<store::ConversionRow>> plan(const Services& services, const std::string& body) {
  const Requests requests = TRY(read_conversions(body));
  if (!requests.front().preset.empty())
    if (const auto preset = services.conversion_presets.find(requests.front().preset); !preset)
      return fail(at_field("preset", preset.error()));
  std::vector<store::ConversionRow> rows;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto row = services::plan_conversion(services.library, services.conversion_presets,
                                         services.models_folder, requests[i]);
    if (!row)
      return fail(requests.size() == 1 ? std::move(row).error()
                                       : at_field(fmt::format("models[{}]", i), row.error()));
    rows.push_back(std::move(*row));
  }
  return rows;
}

http::Response queue_conversions(const Services& services, const http::Request& request) {
  auto rows = plan(services, request.body);
  if (!rows) return problem(request, rows.error());
  const auto added = services.conversions.add(std::move(*rows));
  if (!added) return problem(request, added.error());
  json::array list;
  bool all_joined = true;
  for (const auto& one : *added) {
    all_joined &= one.joined;
    if (const auto conversion = services.conversions.find(one.id))
      list.push_back(describe(*conversion, services.models_folder));
  }
  return http::json(base::write_json(json::object{{"conversions", std::move(list)}}),
                    all_joined ? 200 : 201);
}

std::string id_of(const http::Request& request) {
  return std::string(request.route_value("id"));
}

http::Response answer_conversion(const Services& services, const http::Request& request) {
  const auto conversion = services.conversions.find(id_of(request));
  if (conversion)
    return http::json(base::write_json(describe(*conversion, services.models_folder)));
  return problem(request,
                 {.code = ErrorCode::NotFound,
                  .message = fmt::format("there is no conversion \"{}\"", id_of(request))});
}

/// A POST that changes the conversion that its path names.
http::Route change_conversion(
    const Services& services, std::string_view what,
    std::function<Result<void>(const Services&, const http::Request&)> edit) {
  return {http::Method::Post, fmt::format("{}/{}", kConversionPath, what),
          [services, edit = std::move(edit)](const http::Request& request) {
            return in_background(services.tasks, [services, edit, request](const auto&) {
              if (const auto done = edit(services, request); !done)
                return problem(request, done.error());
              return answer_conversion(services, request);
            });
          }};
}

Result<void> stop_conversion(const Services& services, const http::Request& request) {
  const auto partial = request.query_value("partial").value_or("keep");
  if (partial != "keep" && partial != "remove")
    return fail(base::fold({{.path = "partial", .message = "must be keep or remove"}}));
  return services.conversions.cancel(id_of(request), partial == "keep");
}

Result<void> place_conversion(const Services& services, const http::Request& request) {
  const auto to = TRY(base::decode<wire::MoveConversion>(TRY(base::parse_json(request.body))));
  return services.conversions.move(id_of(request), to.place);
}

}  // namespace

json::object describe(const services::Conversion& conversion,
                      const std::filesystem::path& models_folder) {
  const store::ConversionRow& row = conversion.row;
  const services::JobProgress& progress = conversion.progress;
  return {
      {"id", row.id},
      {"model", row.model},
      {"name", std::filesystem::path(row.target).lexically_relative(models_folder).string()},
      {"preset", row.preset.empty() ? json::value() : json::value(row.preset)},
      {"options", parsed(row.options)},
      {"replace", row.replaces},
      {"state", store::name(row.state)},
      {"error", error_of(row, store::ConversionState::Failed)},
      {"waits_for", error_of(row, store::ConversionState::Pending)},
      {"phase", progress.phase.empty() ? json::value() : json::value(progress.phase)},
      {"done", progress.done},
      {"all", progress.all},
      {"percent", percent_done(progress.done, progress.all)},
      {"at", progress.at},
      {"seconds_left", progress.seconds_left ? json::value(*progress.seconds_left) : json::value()},
      {"process", progress.process},
      {"result", parsed(row.result)},
      {"created", row.created},
      {"changed", row.changed}};
}

http::Route list_conversions(const Services& services) {
  return {http::Method::Get, std::string(kConversionsPath), [services](const http::Request&) {
            json::array list;
            for (const auto& conversion : *services.conversions.list())
              list.push_back(describe(*conversion, services.models_folder));
            return http::json(base::write_json(json::object{{"conversions", std::move(list)}}));
          }};
}

http::Route add_conversions(const Services& services) {
  return {http::Method::Post, std::string(kConversionsPath),
          [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return queue_conversions(services, request);
            });
          }};
}

http::Route show_conversion(const Services& services) {
  return {
      http::Method::Get, std::string(kConversionPath),
      [services](const http::Request& request) { return answer_conversion(services, request); }};
}

http::Route forget_conversion(const Services& services) {
  return {http::Method::Delete, std::string(kConversionPath),
          [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              const std::string id = id_of(request);
              if (const auto gone = services.conversions.forget(id); !gone)
                return problem(request, gone.error());
              return http::json(base::write_json(json::object{{"id", id}, {"removed", true}}));
            });
          }};
}

http::Route cancel_conversion(const Services& services) {
  return change_conversion(services, "cancel", stop_conversion);
}

http::Route retry_conversion(const Services& services) {
  return change_conversion(services, "retry",
                           [](const Services& all, const http::Request& request) {
                             return all.conversions.retry(id_of(request));
                           });
}

http::Route move_conversion(const Services& services) {
  return change_conversion(services, "move", place_conversion);
}

http::Route conversion_events(const Services& services) {
  services::Conversions& conversions = services.conversions;
  const WatchedList list{
      .name = "conversions",
      .entries =
          [&conversions, folder = services.models_folder] {
            std::vector<std::pair<std::string, json::object>> entries;
            for (const auto& conversion : *conversions.list())
              entries.emplace_back(conversion->row.id, describe(*conversion, folder));
            return entries;
          },
      .subscribe = [&conversions](auto wake) { return conversions.subscribe(std::move(wake)); }};
  return {http::Method::Get, fmt::format("{}/events", kConversionsPath),
          [list](const http::Request&) { return difference_events(list); }};
}

}  // namespace hearth::api::admin
