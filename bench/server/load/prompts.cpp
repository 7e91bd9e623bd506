// Drawing prompts and writing bodies.
#include "load/prompts.h"

#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"

namespace hearth::load {

Prompt Prompts::draw(std::size_t tokens) {
  Prompt prompt(tokens);
  for (auto& id : prompt) id = first_ + static_cast<std::uint32_t>(random_() % span_);
  return prompt;
}

std::string request_body(std::string_view model, const Wanted& wanted) {
  std::string body = R"({"model":)";
  base::append_json_string(body, model);
  body += fmt::format(R"(,"prompt":[{}],"max_tokens":{},"temperature":0,"ignore_eos":true)",
                      fmt::join(wanted.prompt, ","), wanted.output);
  if (wanted.stream) body += R"(,"stream":true,"stream_options":{"include_usage":true})";
  return body + "}";
}

Prompt ids_of(std::string_view text) {
  constexpr std::size_t kLength = 6;
  Prompt ids;
  while (text.size() >= kLength) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + kLength, id, 16);
    const bool token = text.front() == 't' && error == std::errc() && end == text.data() + kLength;
    if (token) ids.push_back(id);
    text.remove_prefix(token ? kLength : 1);
  }
  return ids;
}

}  // namespace hearth::load
