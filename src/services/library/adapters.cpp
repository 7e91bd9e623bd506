// The table of adapters.
#include "services/library/adapters.h"

#include <algorithm>
#include <system_error>

namespace hearth::services {

Result<AdapterSetting> parse_adapter(std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view left = text.substr(0, equals);
  const auto colon = left.rfind(':');
  AdapterSetting setting;
  if (colon != std::string_view::npos) setting.model = left.substr(0, colon);
  setting.name = colon == std::string_view::npos ? left : left.substr(colon + 1);
  if (equals != std::string_view::npos) setting.folder = text.substr(equals + 1);
  const bool whole = !setting.name.empty() && !setting.folder.empty() &&
                     (colon == std::string_view::npos || !setting.model.empty());
  if (whole) return setting;
  return fail(ErrorCode::InvalidArgument,
              "an adapter is written NAME=FOLDER, or MODEL:NAME=FOLDER where it is not for the "
              "first model; \"{}\" is neither",
              text);
}

Result<void> Adapters::add(AdapterEntry entry) {
  std::error_code ignored;
  if (!std::filesystem::exists(entry.folder / "adapter_config.json", ignored))
    return fail(ErrorCode::NotFound,
                "adapter {}: there is no adapter_config.json in {}; name the folder that mlx-lm or "
                "PEFT wrote",
                entry.name, entry.folder.string());
  const std::lock_guard lock(mutex_);
  for (const AdapterEntry& known : entries_)
    if (known.model == entry.model && known.name == entry.name)
      return fail(ErrorCode::InvalidArgument, "{} has two adapters of the name {}", entry.model,
                  entry.name);
  entries_.push_back(std::move(entry));
  return {};
}

std::vector<AdapterEntry> Adapters::of(std::string_view model) const {
  const std::lock_guard lock(mutex_);
  std::vector<AdapterEntry> own;
  std::ranges::copy_if(entries_, std::back_inserter(own),
                       [&](const AdapterEntry& entry) { return entry.model == model; });
  return own;
}

Result<void> Adapters::set_scales(std::string_view model,
                                  const std::vector<std::pair<std::uint32_t, double>>& scales) {
  const std::lock_guard lock(mutex_);
  std::vector<AdapterEntry*> own;
  for (AdapterEntry& entry : entries_)
    if (entry.model == model) own.push_back(&entry);
  for (const auto& [place, scale] : scales)
    if (place >= own.size())
      return fail(ErrorCode::InvalidArgument, "{} has {} adapters, numbered from 0; there is no {}",
                  model, own.size(), place);
  for (AdapterEntry* entry : own) entry->scale = 0;
  for (const auto& [place, scale] : scales) own[place]->scale = scale;
  return {};
}

}  // namespace hearth::services
