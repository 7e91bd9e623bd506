// Presets of conversions over HTTP.
#include "api/admin/conversion_presets.h"

#include <boost/describe.hpp>
#include <optional>
#include <utility>

#include "api/admin/in_background.h"
#include "api/admin/problem.h"
#include "base/decode.h"

namespace hearth::api::admin {
namespace wire {

struct NewPreset {
  std::optional<std::string> description;
  json::value options;
};
BOOST_DESCRIBE_STRUCT(NewPreset, (), (description, options))

}  // namespace wire

namespace {

constexpr std::string_view kPresetsPath = "/admin/api/conversion-presets";
constexpr std::string_view kPresetPath = "/admin/api/conversion-presets/{name}";

json::object describe_preset(const services::ConversionPreset& preset) {
  return {{"name", preset.name},
          {"description", preset.description},
          {"options", services::write_conversion_options(preset.options)},
          {"built_in", preset.built_in}};
}

Result<json::object> list_presets(const Services& services, const http::Request&) {
  json::array presets;
  for (const auto& preset : TRY(services.conversion_presets.list()))
    presets.push_back(describe_preset(preset));
  return json::object{{"presets", std::move(presets)}};
}

Result<json::object> keep_preset(const Services& services, const http::Request& request) {
  auto wanted = TRY(base::decode<wire::NewPreset>(TRY(base::parse_json(request.body))));
  const services::ConversionPreset preset{
      .name = std::string(request.route_value("name")),
      .description = std::move(wanted.description).value_or(""),
      .options = TRY(services::read_conversion_options(wanted.options, "options"))};
  TRY(services.conversion_presets.put(preset));
  return describe_preset(preset);
}

Result<json::object> remove_preset(const Services& services, const http::Request& request) {
  const std::string name(request.route_value("name"));
  TRY(services.conversion_presets.remove(name));
  return json::object{{"name", name}, {"removed", true}};
}

using Work = Result<json::object> (*)(const Services&, const http::Request&);

http::Route route(http::Method method, std::string_view path, const Services& services, Work work) {
  return {method, std::string(path), [services, work](const http::Request& request) {
            return in_background(services.tasks, [services, work, request](const auto&) {
              const auto answer = work(services, request);
              return answer ? http::json(base::write_json(*answer))
                            : problem(request, answer.error());
            });
          }};
}

}  // namespace

http::Route list_conversion_presets(const Services& services) {
  return route(http::Method::Get, kPresetsPath, services, list_presets);
}

http::Route keep_conversion_preset(const Services& services) {
  return route(http::Method::Put, kPresetPath, services, keep_preset);
}

http::Route remove_conversion_preset(const Services& services) {
  return route(http::Method::Delete, kPresetPath, services, remove_preset);
}

}  // namespace hearth::api::admin
