// Prompts as token ids, drawn from a seed, and the request bodies that hold them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::load {

using Prompt = std::vector<std::uint32_t>;

/// Draws ids from [first, last). Equal seeds give equal prompts on every machine.
class Prompts {
 public:
  Prompts(std::uint64_t seed, std::uint32_t first, std::uint32_t last)
      : random_(seed), first_(first), span_(last - first) {}

  Prompt draw(std::size_t tokens);

 private:
  std::mt19937_64 random_;
  std::uint32_t first_;
  std::uint32_t span_;
};

/// One request as sent.
struct Wanted {
  Prompt prompt;
  std::uint32_t output = 1;  ///< tokens, exactly: the end token is ignored
  bool stream = true;
};

/// The body of POST /v1/completions.
std::string request_body(std::string_view model, const Wanted& wanted);

/// The ids that a text of generated weights stands for: every token reads `t` and five hexadecimal
/// digits. What does not read so is left out.
Prompt ids_of(std::string_view text);

}  // namespace hearth::load
