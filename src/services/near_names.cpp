// Near names by shared text and edit distance.
#include "services/near_names.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "services/letter_case.h"

namespace hearth::services {
namespace {

/// Levenshtein's distance: insertions, deletions and replacements.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

/// Smaller is nearer; nothing if too far to suggest.
std::optional<std::size_t> distance(const std::string& wanted, const std::string& known) {
  if (known.find(wanted) != std::string::npos || wanted.find(known) != std::string::npos) return 0;
  const std::size_t edits = edit_distance(wanted, known.substr(known.rfind('/') + 1));
  if (edits * 2 > std::max<std::size_t>(wanted.size(), 4)) return std::nullopt;
  return edits;
}

}  // namespace

std::vector<std::string> near_names(std::string_view wanted, const std::vector<std::string>& known,
                                    std::size_t most) {
  if (wanted.empty()) return {};  // near to everything
  std::vector<std::pair<std::size_t, std::string>> ranked;
  const std::string sought = lower_case(wanted);
  for (const std::string& name : known)
    if (const auto far = distance(sought, lower_case(name))) ranked.emplace_back(*far, name);
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (auto& [far, name] : ranked)
    if (names.size() < most) names.push_back(std::move(name));
  return names;
}

std::string did_you_mean(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = " (did you mean ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += '"' + names[i] + '"';
  }
  return text + "?)";
}

}  // namespace hearth::services
