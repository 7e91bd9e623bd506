// Presets of conversions over HTTP.
#include "api/admin/conversion_presets.h"

#include <boost/describe.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "api/admin/in_background.h"
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

Result<json::object> list_presets(const Services& services, const http::Request&,
                                  const std::function<bool()>&) {
  json::array presets;
  for (const auto& preset : TRY(services.conversion_presets.list()))
    presets.push_back(describe_preset(preset));
  return json::object{{"presets", std::move(presets)}};
}

Result<json::object> keep_preset(const Services& services, const http::Request& request,
                                 const std::function<bool()>&) {
  auto wanted = TRY(base::decode<wire::NewPreset>(TRY(base::parse_json(request.body))));
  const services::ConversionPreset preset{
      .name = std::string(request.route_value("name")),
      .description = std::move(wanted.description).value_or(""),
      .options = TRY(services::read_conversion_options(wanted.options, "options"))};
  TRY(services.conversion_presets.put(preset));
  return describe_preset(preset);
}

Result<json::object> remove_preset(const Services& services, const http::Request& request,
                                   const std::function<bool()>&) {
  const std::string name(request.route_value("name"));
  TRY(services.conversion_presets.remove(name));
  return json::object{{"name", name}, {"removed", true}};
}

}  // namespace

http::Route list_conversion_presets(const Services& services) {
  return {http::Method::Get, std::string(kPresetsPath), answer_with(services, list_presets)};
}

http::Route keep_conversion_preset(const Services& services) {
  return {http::Method::Put, std::string(kPresetPath), answer_with(services, keep_preset)};
}

http::Route remove_conversion_preset(const Services& services) {
  return {http::Method::Delete, std::string(kPresetPath), answer_with(services, remove_preset)};
}

}  // namespace hearth::api::admin
