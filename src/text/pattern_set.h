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
  /// Empty strings never match.
  explicit PatternSet(std::span<const std::string> patterns);

  /// The state after one more byte.
  State step(State state, char byte) const {
    return nodes_[state].next[static_cast<unsigned char>(byte)];
  }
  /// The longest pattern that ends in this state.
  std::optional<std::size_t> pattern_at(State state) const;
  /// How many of the bytes read last may be the beginning of a pattern.
  std::size_t depth(State state) const { return nodes_[state].depth; }

  /// Occurrences from left to right without overlaps; at each place the longest pattern.
  std::vector<Match> find_all(std::string_view text) const;
  bool found_in(std::string_view text) const;
  /// Length of the longest end of `text` that is the proper beginning of a pattern.
  std::size_t open_end(std::string_view text) const;

 private:
  struct Node {
    std::array<State, 256> next{};
    State fail = kStart;
    std::size_t depth = 0;
    std::optional<std::size_t> pattern;
    std::size_t pattern_length = 0;
  };
  State child(State state, char byte);

  std::vector<Node> nodes_;
};

}  // namespace hearth::text
