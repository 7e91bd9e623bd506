// Which of several strings occur in a text, read byte by byte?
#include "text/pattern_set.h"

#include <algorithm>
#include <queue>

namespace hearth::text {

PatternSet::PatternSet(std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    for (const char byte : pattern) {
      std::uint8_t& byte_class = classes_[static_cast<unsigned char>(byte)];
      if (byte_class == 0) byte_class = static_cast<std::uint8_t>(class_count_++);
    }
  }
  add_node(0);
  for (std::size_t i = 0; i < patterns.size(); ++i) add_pattern(patterns[i], i);
  link();
}

PatternSet::State PatternSet::add_node(std::uint32_t depth) {
  nodes_.push_back({.depth = depth});
  next_.resize(next_.size() + class_count_, kStart);
  return static_cast<State>(nodes_.size() - 1);
}

void PatternSet::add_pattern(std::string_view pattern, std::size_t number) {
  if (pattern.empty()) return;
  State state = kStart;
  for (const char byte : pattern) {
    const State known = step(state, byte);
    state = known != kStart ? known : add_child(state, byte);
  }
  Node& end = nodes_[state];
  if (!end.pattern) end.pattern = number;
}

PatternSet::State PatternSet::add_child(State parent, char byte) {
  const State added = add_node(nodes_[parent].depth + 1);
  nodes_[parent].goes_on = true;
  next_[edge(parent, byte)] = added;
  return added;
}

/// Breadth first: a state's fail link points to a state that is finished already.
void PatternSet::link() {
  std::queue<State> waiting;
  waiting.push(kStart);
  while (!waiting.empty()) {
    const State state = waiting.front();
    waiting.pop();
    const State fail = nodes_[state].fail;
    if (!nodes_[state].pattern) nodes_[state].suffix_pattern = nodes_[fail].longest();
    for (std::size_t byte_class = 1; byte_class < class_count_; ++byte_class) {
      State& next = next_[state * class_count_ + byte_class];
      const State inherited = state == kStart ? kStart : next_[fail * class_count_ + byte_class];
      if (next == kStart) {
        next = inherited;
      } else {
        nodes_[next].fail = inherited;
        waiting.push(next);
      }
    }
  }
}

std::optional<std::size_t> PatternSet::pattern_at(State state) const {
  return nodes_[state].longest();
}

std::optional<PatternSet::Match> PatternSet::match_at(std::string_view text,
                                                      std::size_t begin) const {
  std::optional<Match> longest;
  State state = kStart;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const State next = step(state, text[at]);
    // Only edges of the tree go one deeper; all others have left this beginning.
    if (nodes_[next].depth != nodes_[state].depth + 1) break;
    state = next;
    if (nodes_[state].pattern) longest = {begin, at + 1 - begin, *nodes_[state].pattern};
  }
  return longest;
}

std::vector<PatternSet::Match> PatternSet::find_all(std::string_view text) const {
  std::vector<Match> matches;
  for (std::size_t at = 0; at < text.size();) {
    const auto match = match_at(text, at);
    if (match) matches.push_back(*match);
    at += match ? match->length : 1;
  }
  return matches;
}

bool PatternSet::found_in(std::string_view text) const {
  State state = kStart;
  for (const char byte : text) {
    state = step(state, byte);
    if (nodes_[state].longest()) return true;
  }
  return false;
}

std::size_t PatternSet::open_end(std::string_view text) const {
  State state = kStart;
  for (const char byte : text) state = step(state, byte);
  while (state != kStart && !nodes_[state].goes_on) state = nodes_[state].fail;
  return nodes_[state].depth;
}

}  // namespace hearth::text
