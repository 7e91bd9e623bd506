// When does a reply end because it wrote one of the request's stop strings?
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/pattern_set.h"

namespace hearth::text {

/// Watches a stream of text for stop strings. Text that may be the beginning of one is held back;
/// the stop string itself is never given out, what stands before it is.
/// The match that ends first wins; of several that end together, the longest.
///
/// Owner: one sequence, one thread at a time.
class StopMatcher {
 public:
  /// @param stops  at most 16 by the protocols; empty strings never match
  explicit StopMatcher(std::vector<std::string> stops);

  /// Adds text (whole UTF-8 characters) and gives what is certain; the view is valid until the
  /// next call. Once stopped, further text is swallowed.
  std::string_view push(std::string_view text);

  /// The reply ended otherwise: what was held back.
  std::string_view finish();

  /// Whether a stop string has been found.
  bool stopped() const { return matched_.has_value(); }
  /// The stop string that was found; empty if none.
  std::string_view stop_string() const;

 private:
  std::vector<std::string> stops_;
  PatternSet patterns_;
  PatternSet::State state_ = PatternSet::kStart;
  std::optional<std::size_t> matched_;
  std::string held_;
  std::string given_;
};

}  // namespace hearth::text
