// Reading, checking and applying presets.
#include "services/shelf/preset.h"

#include <algorithm>
#include <boost/mp11.hpp>
#include <limits>

#include "services/optional_members.h"

namespace hearth::services {
namespace {

using base::DecodeContext;

constexpr std::size_t kLongestSystem = 100'000;

constexpr double kMostTokens = std::numeric_limits<std::uint32_t>::max();
constexpr double kLongestContext = 1 << 24;

void check_preset_values(const Preset& preset, DecodeContext& context) {
  check_ranges(preset, context);
  if (preset.max_tokens) check_range("max_tokens", *preset.max_tokens, 1, kMostTokens, context);
  if (preset.context_length)
    check_range("context_length", *preset.context_length, 1, kLongestContext, context);
  if (preset.system && preset.system->size() > kLongestSystem)
    context.within("system", [&] { context.add("must have at most 100,000 bytes"); });
}

bool has_system(const json::array& messages) {
  return std::ranges::any_of(messages, [](const json::value& message) {
    const auto* role = message.is_object() ? message.get_object().if_contains("role") : nullptr;
    return role && (*role == "system" || *role == "developer");
  });
}

}  // namespace

Result<Preset> read_preset(const json::value& value, std::string_view path) {
  return read_optional_members<Preset>(value, path, "is nothing that a preset can hold",
                                       check_preset_values);
}

json::object write_preset(const Preset& preset) {
  return write_optional_members(preset);
}

Preset changed(Preset preset, const Preset& change) {
  boost::mp11::mp_for_each<OptionalMembers<Preset>>([&](auto member) {
    if (const auto& value = change.*member.pointer) preset.*member.pointer = value;
  });
  return preset;
}

void fill_in(const Preset& preset, engine::Request& request) {
  fill_in(preset, request.sampling);
  if (!request.max_tokens) request.max_tokens = preset.max_tokens;
  auto* chat = std::get_if<engine::ChatInput>(&request.input);
  if (chat == nullptr || !preset.system || preset.system->empty() || has_system(chat->messages))
    return;
  chat->messages.insert(chat->messages.begin(),
                        json::object{{"role", "system"}, {"content", *preset.system}});
}

}  // namespace hearth::services
