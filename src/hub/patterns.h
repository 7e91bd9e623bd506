// Which files of a repository are wanted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth::hub {

/// Shell patterns over a file's whole path: `*` takes slashes too, as the Hub's own tools have it;
/// a pattern that ends in `/` means all below.
struct Patterns {
  std::vector<std::string> include;  ///< empty: default_patterns()
  std::vector<std::string> exclude;

  /// Python files are never wanted: nothing here runs a repository's code.
  bool wants(std::string_view path) const;
};

/// What a model needs to answer, and to say where it comes from.
const std::vector<std::string>& default_patterns();

}  // namespace hearth::hub
