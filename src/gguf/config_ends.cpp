// Which tokens begin, fill and end a text.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

#include "gguf/config_parts.h"
#include "gguf/vocabulary.h"

namespace hearth::gguf {

namespace {

/// Control tokens that end an answer by their name: files seldom list more than one end.
constexpr auto kEnds = std::to_array<std::string_view>(
    {"<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|end_of_text|>", "<|endoftext|>",
     "<end_of_turn>", "<end_of_utterance>", "<EOT>"});

Result<void> add_by_text(const Keys& keys, std::size_t vocab, json::array& ends) {
  if (!keys.has("tokenizer.ggml.tokens")) return {};
  const auto texts = TRY(keys.texts("tokenizer.ggml.tokens"));
  const auto kinds = TRY(keys.numbers("tokenizer.ggml.token_type"));
  for (std::size_t id = 0; id < std::min({texts.size(), kinds.size(), vocab}); ++id) {
    const json::value end(static_cast<std::int64_t>(id));
    if (kinds[id] == static_cast<double>(TokenKind::Control) &&
        std::ranges::count(kEnds, texts[id]) > 0 && std::ranges::find(ends, end) == ends.end())
      ends.push_back(end);
  }
  return {};
}

}  // namespace

Result<void> add_ends(const Keys& keys, json::object& config, json::object& generation) {
  const auto vocab = config.at("vocab_size").as_int64();
  const auto token = [&](std::string_view key) -> Result<std::int64_t> {
    const auto id = TRY(keys.whole(fmt::format("tokenizer.ggml.{}_token_id", key), -1,
                                   std::numeric_limits<std::uint32_t>::max(), -1));
    return id < vocab ? id : -1;  // some writers say so that there is none
  };
  const auto begin = TRY(token("bos"));
  if (begin >= 0) config["bos_token_id"] = generation["bos_token_id"] = begin;
  if (const auto pad = TRY(token("padding")); pad >= 0)
    config["pad_token_id"] = generation["pad_token_id"] = pad;
  json::array all;
  for (const char* key : {"eos", "eot", "eom"}) {
    const auto id = TRY(token(key));
    if (id >= 0 && std::ranges::find(all, json::value(id)) == all.end()) all.emplace_back(id);
  }
  TRY(add_by_text(keys, static_cast<std::size_t>(vocab), all));
  if (all.empty()) return {};
  config["eos_token_id"] = all[0];
  generation["eos_token_id"] = all.size() == 1 ? all[0] : json::value(all);
  return {};
}

}  // namespace hearth::gguf
