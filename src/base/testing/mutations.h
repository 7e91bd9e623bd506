// For tests: texts and files that somebody damaged.
#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace hearth::base::testing {

/// A JSON text with one to four edits: bytes changed, taken out, doubled, or turned into JSON's own
/// signs and into numbers of every size. Never empty where `text` is longer than 40 bytes.
inline std::string damaged_json(std::string_view text, std::mt19937& random) {
  static constexpr std::string_view kSigns = "0123456789-[]{},:\"";
  static constexpr std::string_view kWords[] = {
      "-1", "1e308",     "18446744073709551615", "-0.5", "null", "true", "\"\"", "[[[]]]",
      "{}", "2147483648"};
  std::string damaged(text);
  const int edits = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < edits && !damaged.empty(); ++i) {
    const std::size_t at = random() % damaged.size();
    switch (random() % 5) {
      case 0:
        damaged[at] = static_cast<char>(random());
        break;
      case 1:
        damaged.erase(at, 1 + random() % 8);
        break;
      case 2:
        damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 16));
        break;
      case 3:
        damaged[at] = kSigns[random() % kSigns.size()];
        break;
      default: {  // another value behind a colon
        const std::size_t colon = damaged.find(':', at);
        if (colon == std::string::npos) break;
        const std::size_t end = std::min(damaged.find_first_of(",}", colon), damaged.size());
        damaged.replace(colon + 1, end - colon - 1, kWords[random() % std::size(kWords)]);
        break;
      }
    }
  }
  return damaged;
}

}  // namespace hearth::base::testing
