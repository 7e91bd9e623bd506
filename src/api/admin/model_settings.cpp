// What people say of models, over HTTP.
#include "api/admin/model_settings.h"

#include <boost/describe.hpp>
#include <optional>

#include "api/admin/in_background.h"
#include "base/decode.h"

namespace hearth::api::admin {

namespace wire {
struct Change {
  std::optional<bool> favourite;
  std::optional<std::string> note;
  std::optional<json::object> preset;
};
BOOST_DESCRIBE_STRUCT(Change, (), (favourite, note, preset))
}  // namespace wire

namespace {

constexpr std::string_view kSettingsPath = "/admin/api/models/{id...}/settings";

Result<json::object> show_settings(const Services& services, const http::Request& request,
                                   const std::function<bool()>&) {
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  return services::describe(model.id, services.shelf.of(model.id));
}

Result<json::object> change_settings(const Services& services, const http::Request& request,
                                     const std::function<bool()>&) {
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  const auto wanted = TRY(base::decode<wire::Change>(TRY(base::parse_json(request.body))));
  std::optional<services::Preset> preset;
  if (wanted.preset) preset = TRY(services::read_preset(*wanted.preset, "preset"));
  const auto changed = TRY(services.shelf.change(model.id, [&](services::ModelSettings& settings) {
    if (wanted.favourite) settings.favourite = *wanted.favourite;
    if (wanted.note) settings.note = *wanted.note;
    if (preset) settings.preset = *preset;
  }));
  return services::describe(model.id, changed);
}

}  // namespace

http::Route show_model_settings(const Services& services) {
  return {http::Method::Get, std::string(kSettingsPath), answer_with(services, show_settings)};
}

http::Route change_model_settings(const Services& services) {
  return {http::Method::Patch, std::string(kSettingsPath), answer_with(services, change_settings)};
}

}  // namespace hearth::api::admin
