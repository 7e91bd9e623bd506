// Looking up names and places, and the salt.
#include "engine/host/prepare_adapters.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fmt/ranges.h>
#include <map>
#include <optional>

namespace hearth::engine {
namespace {

std::optional<std::int32_t> number_of(const PromptReader& reader, const AdapterChoice& choice) {
  const std::vector<std::string>& loaded = reader.adapters;
  if (const auto* place = std::get_if<std::uint32_t>(&choice.adapter)) {
    if (*place >= loaded.size()) return std::nullopt;
    return static_cast<std::int32_t>(*place);
  }
  const auto found = std::ranges::find(loaded, std::get<std::string>(choice.adapter));
  if (found == loaded.end()) return std::nullopt;
  return static_cast<std::int32_t>(found - loaded.begin());
}

Error unknown(const PromptReader& reader, const AdapterChoice& choice) {
  const auto* place = std::get_if<std::uint32_t>(&choice.adapter);
  const std::string asked = place != nullptr
                                ? std::to_string(*place)
                                : fmt::format("\"{}\"", std::get<std::string>(choice.adapter));
  std::string message = fmt::format("the model has no adapter {}", asked);
  if (reader.adapters.empty())
    message += ": none was loaded with it (start the server with --adapter NAME=FOLDER)";
  else
    message += fmt::format("; those loaded with it are {}", fmt::join(reader.adapters, ", "));
  return {.code = ErrorCode::InvalidArgument, .message = std::move(message), .param = "lora"};
}

}  // namespace

Result<std::vector<SequenceAdapter>> prepare_adapters(const PromptReader& reader,
                                                      const Request& request) {
  std::map<std::int32_t, double> scales;
  for (const AdapterChoice& choice : request.adapters) {
    const auto number = number_of(reader, choice);
    if (!number) return fail(unknown(reader, choice));
    if (!std::isfinite(choice.scale))
      return fail(Error{.code = ErrorCode::InvalidArgument,
                        .message = "an adapter's scale must be a finite number",
                        .param = "lora"});
    scales[*number] += choice.scale;
  }
  std::vector<SequenceAdapter> adapters;
  for (const auto& [number, scale] : scales)
    if (scale != 0) adapters.push_back({.number = number, .scale = static_cast<float>(scale)});
  return adapters;
}

std::string prefix_salt(const Request& request, std::span<const SequenceAdapter> adapters) {
  if (adapters.empty() && request.cache_salt.empty()) return {};
  std::string salt;
  for (const auto& [number, scale] : adapters) salt += fmt::format("{}*{},", number, scale);
  return salt + '|' + request.cache_salt;  // the part before the first bar is never the client's
}

}  // namespace hearth::engine
