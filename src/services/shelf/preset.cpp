// Reading, checking and applying presets.
#include "services/shelf/preset.h"

#include <algorithm>
#include <array>
#include <boost/mp11.hpp>
#include <type_traits>

#include "base/decode.h"

namespace hearth::services {
namespace {

using base::DecodeContext;
using Members = boost::describe::describe_members<Preset, boost::describe::mod_public>;

constexpr std::size_t kLongestSystem = 100'000;

struct Range {
  std::string_view member;
  double least;
  double most;
};
constexpr auto kRanges = std::to_array<Range>({{"temperature", 0, 2},
                                               {"top_p", 0, 1},
                                               {"top_k", 0, 2147483647},
                                               {"min_p", 0, 1},
                                               {"repetition_penalty", 0.01, 100},
                                               {"presence_penalty", -2, 2},
                                               {"frequency_penalty", -2, 2},
                                               {"repetition_context_size", -1, 2147483647},
                                               {"max_tokens", 1, 4294967295},
                                               {"context_length", 1, 16'777'216}});

void check_range(std::string_view member, double value, DecodeContext& context) {
  const auto range = std::ranges::find(kRanges, member, &Range::member);
  if (range == kRanges.end() || (value >= range->least && value <= range->most)) return;
  std::string text = "must be at least ";
  base::append_json_number(text, range->least);
  text += " and at most ";
  base::append_json_number(text, range->most);
  context.within(member, [&] { context.add(text); });
}

void check(const Preset& preset, DecodeContext& context) {
  boost::mp11::mp_for_each<Members>([&](auto member) {
    const auto& value = preset.*member.pointer;
    if constexpr (std::is_arithmetic_v<typename std::remove_cvref_t<decltype(value)>::value_type>)
      if (value) check_range(member.name, static_cast<double>(*value), context);
  });
  if (preset.system && preset.system->size() > kLongestSystem)
    context.within("system", [&] { context.add("must have at most 100,000 bytes"); });
}

/// A preset is kept: what nobody knows would be lost in silence.
void refuse_unknown(const json::object& object, DecodeContext& context) {
  for (const auto& given : object) {
    bool known = false;
    boost::mp11::mp_for_each<Members>([&](auto member) { known |= given.key() == member.name; });
    if (!known)
      context.within(std::string_view(given.key()),
                     [&] { context.add("is nothing that a preset can hold"); });
  }
}

bool has_system(const json::array& messages) {
  return std::ranges::any_of(messages, [](const json::value& message) {
    const auto* role = message.is_object() ? message.get_object().if_contains("role") : nullptr;
    return role && (*role == "system" || *role == "developer");
  });
}

template <class Value>
void fill(std::optional<Value>& field, const std::optional<Value>& usual) {
  if (!field) field = usual;
}

}  // namespace

Result<Preset> read_preset(const json::value& value, std::string_view path) {
  DecodeContext context;
  Preset preset;
  const auto read = [&] {
    base::Decode<Preset>::read(value, preset, context);
    if (value.is_object()) refuse_unknown(value.get_object(), context);
    check(preset, context);
  };
  if (path.empty())
    read();
  else
    context.within(path, read);
  if (!context.clean()) return fail(base::fold(context.take_errors()));
  return preset;
}

json::object write_preset(const Preset& preset) {
  json::object out;
  boost::mp11::mp_for_each<Members>([&](auto member) {
    if (const auto& value = preset.*member.pointer) out[member.name] = *value;
  });
  return out;
}

Preset changed(Preset preset, const Preset& change) {
  boost::mp11::mp_for_each<Members>([&](auto member) {
    if (const auto& value = change.*member.pointer) preset.*member.pointer = value;
  });
  return preset;
}

void fill_in(const Preset& preset, engine::Request& request) {
  engine::Sampling& sampling = request.sampling;
  fill(sampling.temperature, preset.temperature);
  // 0 asks for the single likeliest token; the engine's range is open at 0.
  if (!sampling.top_p && preset.top_p) sampling.top_p = std::max(*preset.top_p, 1e-9);
  fill(sampling.top_k, preset.top_k);
  fill(sampling.min_p, preset.min_p);
  fill(sampling.repetition_penalty, preset.repetition_penalty);
  fill(sampling.presence_penalty, preset.presence_penalty);
  fill(sampling.frequency_penalty, preset.frequency_penalty);
  fill(sampling.repetition_window, preset.repetition_context_size);
  fill(request.max_tokens, preset.max_tokens);
  auto* chat = std::get_if<engine::ChatInput>(&request.input);
  if (chat == nullptr || !preset.system || preset.system->empty() || has_system(chat->messages))
    return;
  chat->messages.insert(chat->messages.begin(),
                        json::object{{"role", "system"}, {"content", *preset.system}});
}

}  // namespace hearth::services
