// The adapters of a model, as llama-server's clients expect them.
#include "api/openai/lora_adapters.h"

#include <algorithm>

#include "api/openai/error.h"
#include "api/openai/lora_field.h"
#include "base/json.h"

namespace hearth::api::openai {
namespace {

Result<services::ModelEntry> model_of(const Services& services, const http::Request& request) {
  return services.generator.find(std::string(request.query_value("model").value_or("")));
}

json::array listed(const std::vector<services::AdapterEntry>& adapters) {
  json::array out;
  for (const services::AdapterEntry& adapter : adapters)
    out.push_back(json::object{{"id", out.size()},
                               {"path", adapter.folder.filename().string()},
                               {"name", adapter.name},
                               {"scale", adapter.scale}});
  return out;
}

Result<std::uint32_t> place_of(const engine::AdapterChoice& choice,
                               const std::vector<services::AdapterEntry>& adapters) {
  if (const auto* place = std::get_if<std::uint32_t>(&choice.adapter)) return *place;
  const std::string& name = std::get<std::string>(choice.adapter);
  const auto found = std::ranges::find(adapters, name, &services::AdapterEntry::name);
  if (found != adapters.end()) return static_cast<std::uint32_t>(found - adapters.begin());
  return fail(ErrorCode::InvalidArgument,
              "the model has no adapter \"{}\"; GET /lora-adapters lists those it has", name);
}

/// The places that a body names, in numbers.
Result<std::vector<std::pair<std::uint32_t, double>>> read_scales(
    const std::string& body, const std::vector<services::AdapterEntry>& adapters) {
  const auto document = TRY(base::parse_json(body));
  base::DecodeContext context;
  LoraField field;
  base::Decode<LoraField>::read(document, field, context);
  if (!context.clean()) return fail(base::fold(context.take_errors()));
  std::vector<std::pair<std::uint32_t, double>> scales;
  scales.reserve(field.choices.size());
  for (const engine::AdapterChoice& choice : field.choices)
    scales.emplace_back(TRY(place_of(choice, adapters)), choice.scale);
  return scales;
}

}  // namespace

http::Route list_adapters(const Services& services) {
  return {http::Method::Get, "/lora-adapters", [services](const http::Request& request) {
            const auto model = model_of(services, request);
            if (!model) return error_response(model.error());
            return http::json(base::write_json(listed(services.adapters.of(model->id))));
          }};
}

http::Route set_adapters(const Services& services) {
  return {http::Method::Post, "/lora-adapters", [services](const http::Request& request) {
            const auto model = model_of(services, request);
            if (!model) return error_response(model.error());
            const auto scales = read_scales(request.body, services.adapters.of(model->id));
            if (!scales) return error_response(scales.error());
            const auto set = services.adapters.set_scales(model->id, *scales);
            if (!set) return error_response(set.error());
            return http::json(base::write_json(json::object{{"success", true}}));
          }};
}

}  // namespace hearth::api::openai
