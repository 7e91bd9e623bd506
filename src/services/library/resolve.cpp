// From a name to one model.
#include <algorithm>
#include <fmt/ranges.h>

#include "hub/names.h"
#include "services/letter_case.h"
#include "services/library/library.h"
#include "services/near_names.h"

namespace hearth::services {
namespace {

/// Whether `name` is how `id` ends, beginning after a separator.
bool is_suffix(std::string_view id, std::string_view name) {
  if (name.empty() || name.size() >= id.size() ||
      !same_but_for_case(id.substr(id.size() - name.size()), name))
    return false;
  return std::string_view("/-_.").find(id[id.size() - name.size() - 1]) != std::string_view::npos;
}

std::string_view last_part(std::string_view id) {
  return id.substr(id.rfind('/') + 1);
}

template <class Matches>
std::vector<const ModelEntry*> matching(const std::vector<ModelEntry>& entries, Matches matches) {
  std::vector<const ModelEntry*> found;
  for (const ModelEntry& entry : entries)
    if (matches(entry)) found.push_back(&entry);
  return found;
}

Error unknown(const std::vector<ModelEntry>& entries, std::string_view name) {
  std::vector<std::string> ids;
  for (const ModelEntry& entry : entries) ids.push_back(entry.id);
  std::string text = fmt::format("the model \"{}\" is not on this machine", name);
  if (const auto near = near_names(name, ids); !near.empty())
    text += did_you_mean(near);
  else if (!ids.empty() && ids.size() <= 8)
    text += fmt::format(" (there are: {})", fmt::join(ids, ", "));
  if (name.contains('/') && hub::check_repository(name))
    text += fmt::format("; fetch it with `hearth pull {}`", name);
  else
    text += "; `hearth list` shows what is, `hearth search` what could be fetched";
  return {.code = ErrorCode::ModelNotFound, .message = text, .param = "model"};
}

Error ambiguous(const std::vector<const ModelEntry*>& found, std::string_view name) {
  std::vector<std::string_view> ids;
  for (const ModelEntry* entry : found) ids.push_back(entry->id);
  return {.code = ErrorCode::ModelNotFound,
          .message = fmt::format("\"{}\" could mean {}: please write one of them in full", name,
                                 fmt::join(ids, " or ")),
          .param = "model"};
}

}  // namespace

Result<ModelEntry> resolve_name(const std::vector<ModelEntry>& entries, std::string_view name) {
  if (name.ends_with(":latest")) name.remove_suffix(7);
  const auto exact = [&](const ModelEntry& entry) { return entry.id == name; };
  const auto by_id = [&](const ModelEntry& entry) { return same_but_for_case(entry.id, name); };
  const auto by_alias = [&](const ModelEntry& entry) {
    return std::any_of(entry.aliases.begin(), entry.aliases.end(),
                       [&](const std::string& alias) { return same_but_for_case(alias, name); });
  };
  const auto by_last_part = [&](const ModelEntry& entry) {
    return same_but_for_case(last_part(entry.id), name);
  };
  const auto by_suffix = [&](const ModelEntry& entry) { return is_suffix(entry.id, name); };

  auto found = matching(entries, exact);
  if (found.empty()) found = matching(entries, by_id);
  if (found.empty()) found = matching(entries, by_alias);
  if (found.empty()) found = matching(entries, by_last_part);
  if (found.empty()) found = matching(entries, by_suffix);
  if (found.empty()) return fail(unknown(entries, name));
  if (found.size() > 1) return fail(ambiguous(found, name));
  return *found.front();
}

}  // namespace hearth::services
