// Which of several strings occur in a text, read byte by byte?
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::text {

/// An Aho-Corasick automaton over bytes. Immutable after construction; any thread may use it.
class PatternSet {
 public:
  using State = std::uint32_t;
  static constexpr State kStart = 0;

  /// One occurrence: `text.substr(begin, length)` is pattern number `pattern`.
  struct Match {
    std::size_t begin = 0;
    std::size_t length = 0;
    std::size_t pattern = 0;
  };

  PatternSet() : PatternSet(std::span<const std::string>{}) {}
  /// Empty strings never match; of equal strings the first counts.
  explicit PatternSet(std::span<const std::string> patterns);

  /// The state after one more byte.
  State step(State state, char byte) const { return next_[edge(state, byte)]; }
  /// The longest pattern that ends in this state.
  std::optional<std::size_t> pattern_at(State state) const;
  /// How many of the bytes read last may be the beginning of a pattern.
  std::size_t depth(State state) const { return nodes_[state].depth; }

  /// Occurrences from left to right without overlaps; at each place the longest pattern.
  std::vector<Match> find_all(std::string_view text) const;
  bool found_in(std::string_view text) const;
  /// The longest pattern that starts at `begin`.
  std::optional<Match> match_at(std::string_view text, std::size_t begin) const;
  /// Length of the longest end of `text` that a pattern begins with and goes on from.
  std::size_t open_end(std::string_view text) const;

 private:
  struct Node {
    State fail = kStart;
    std::uint32_t depth = 0;
    bool goes_on = false;                       ///< some pattern is longer than this beginning
    std::optional<std::size_t> pattern;         ///< ends exactly here
    std::optional<std::size_t> suffix_pattern;  ///< else the longest that ends here too
    std::optional<std::size_t> longest() const { return pattern ? pattern : suffix_pattern; }
  };
  std::size_t edge(State state, char byte) const {
    return state * class_count_ + classes_[static_cast<unsigned char>(byte)];
  }
  State add_node(std::uint32_t depth);
  State add_child(State parent, char byte);
  void add_pattern(std::string_view pattern, std::size_t number);
  void link();

  std::array<std::uint8_t, 256> classes_{};  ///< bytes that occur in no pattern share class 0
  std::size_t class_count_ = 1;
  std::vector<Node> nodes_;
  std::vector<State> next_;  ///< [node, class]
};

}  // namespace hearth::text
