// Matching by the system's fnmatch.
#include "hub/patterns.h"

#include <algorithm>
#include <fnmatch.h>

namespace hearth::hub {
namespace {

bool any_matches(const std::vector<std::string>& patterns, const std::string& path) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    const std::string whole = pattern.ends_with('/') ? pattern + '*' : pattern;
    return ::fnmatch(whole.c_str(), path.c_str(), FNM_NOESCAPE) == 0;
  });
}

}  // namespace

const std::vector<std::string>& default_patterns() {
  static const std::vector<std::string> patterns = {
      "*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "*.tiktoken", "*.md", "LICENSE*"};
  return patterns;
}

bool Patterns::wants(std::string_view path) const {
  const std::string name(path);
  if (name.ends_with(".py")) return false;
  return any_matches(include.empty() ? default_patterns() : include, name) &&
         !any_matches(exclude, name);
}

}  // namespace hearth::hub
