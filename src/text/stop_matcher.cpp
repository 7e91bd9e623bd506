// When does a reply end because it wrote one of the request's stop strings?
#include "text/stop_matcher.h"

#include <utility>

namespace hearth::text {

StopMatcher::StopMatcher(std::vector<std::string> stops)
    : stops_(std::move(stops)), patterns_(stops_) {}

std::string_view StopMatcher::push(std::string_view text) {
  given_.clear();
  for (const char byte : text) {
    if (stopped()) break;
    held_.push_back(byte);
    state_ = patterns_.step(state_, byte);
    matched_ = patterns_.pattern_at(state_);
  }
  if (matched_) {
    const std::size_t length = stops_[*matched_].size();
    given_ = held_.substr(0, held_.size() - std::min(length, held_.size()));
    held_.clear();
  } else {
    const std::size_t certain = held_.size() - patterns_.depth(state_);
    given_.assign(held_, 0, certain);
    held_.erase(0, certain);
  }
  return given_;
}

std::string_view StopMatcher::finish() {
  given_ = std::exchange(held_, {});
  state_ = PatternSet::kStart;
  return given_;
}

std::string_view StopMatcher::stop_string() const {
  return matched_ ? std::string_view(stops_[*matched_]) : std::string_view();
}

}  // namespace hearth::text
