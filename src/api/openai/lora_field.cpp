// Reading choices of adapters.
#include "api/openai/lora_field.h"

#include <string>

namespace hearth::api::openai {
namespace {

using base::DecodeContext;

void read_id(const json::object& choice, engine::AdapterChoice& out, DecodeContext& context) {
  const json::value* id = choice.if_contains("id");
  context.within("id", [&] {
    if (id == nullptr) return context.add("is required", ErrorCode::MissingArgument);
    if (id->is_string()) {
      out.adapter = std::string(id->get_string());
      return;
    }
    std::uint32_t place = 0;
    base::Decode<std::uint32_t>::read(*id, place, context);
    out.adapter = place;
  });
}

void read_scale(const json::object& choice, engine::AdapterChoice& out, DecodeContext& context) {
  const json::value* scale = choice.if_contains("scale");
  if (scale == nullptr || scale->is_null()) return;
  context.within("scale", [&] { base::Decode<double>::read(*scale, out.scale, context); });
}

}  // namespace

std::vector<engine::AdapterChoice> usual_choices(
    const std::vector<services::AdapterEntry>& adapters) {
  std::vector<engine::AdapterChoice> choices;
  for (const services::AdapterEntry& adapter : adapters)
    if (adapter.scale != 0) choices.push_back({.adapter = adapter.name, .scale = adapter.scale});
  return choices;
}

}  // namespace hearth::api::openai

namespace hearth::base {

using api::openai::LoraField;

void Decode<LoraField>::read(const json::value& value, LoraField& out, DecodeContext& context) {
  if (!value.is_array()) return context.add("must be a list of adapters: [{\"id\", \"scale\"}]");
  std::size_t i = 0;
  for (const json::value& choice : value.get_array())
    context.within(i++, [&] {
      if (!choice.is_object()) return context.add("must be an object {\"id\", \"scale\"}");
      engine::AdapterChoice read;
      api::openai::read_id(choice.get_object(), read, context);
      api::openai::read_scale(choice.get_object(), read, context);
      out.choices.push_back(std::move(read));
    });
}

}  // namespace hearth::base
