// Telling kinds of models apart.
#include "services/library/model_kind.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <initializer_list>
#include <iterator>

#include "services/letter_case.h"
#include "services/library/is_there.h"
#include "services/library/members.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

std::string architectures(const json::object& config) {
  std::string names;
  if (const auto* list = config.if_contains("architectures"); list && list->is_array())
    for (const json::value& name : list->get_array())
      if (name.is_string()) names += std::string(name.get_string()) + " ";
  return names;
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// `chat_template` of a JSON file: a text, or a list of named ones.
std::string template_in(const fs::path& file) {
  const auto document = base::parse_json(read_file(file));
  if (!document || !document->is_object()) return {};
  const auto* found = document->get_object().if_contains("chat_template");
  if (found == nullptr) return {};
  if (found->is_string()) return std::string(found->get_string());
  return found->is_array() ? base::write_json(*found) : std::string();
}

std::string without_quotes(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'";
  const auto first = text.find_first_not_of(kAround);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kAround) - first + 1));
}

}  // namespace

std::string_view model_kind(const json::object& config, bool pools, std::string_view id) {
  const std::string_view type = text_of(config, "model_type");
  const std::string classes = architectures(config);
  const std::string name = lower_case(id);
  if (has_any(type, {"whisper", "parakeet", "wav2vec", "hubert", "moonshine"}) ||
      has_any(classes, {"ForSpeechSeq2Seq", "ForCTC", "Whisper"}))
    return "speech-to-text";
  if (has_any(type, {"kokoro", "tts", "csm", "bark", "dia", "orpheus"}) ||
      has_any(classes, {"TextToSpeech", "TTS"}))
    return "text-to-speech";
  for (const std::string_view key :
       {"vision_config", "image_token_id", "image_token_index", "vision_tower"})
    if (config.contains(key)) return "vision";
  if (classes.contains("ForSequenceClassification")) return "reranker";
  if (pools) return has_any(name, {"rerank"}) ? "reranker" : "embedding";
  if (classes.contains("ForCausalLM")) {
    if (has_any(name, {"rerank"})) return "reranker";
    if (has_any(name, {"embedding"})) return "embedding";
    return has_any(name, {"outetts", "kokoro", "-tts"}) ? "text-to-speech" : "text";
  }
  if (has_any(type, {"bert", "mpnet"}) || classes.contains("ForMaskedLM")) return "embedding";
  if (has_any(name, {"whisper", "parakeet"})) return "speech-to-text";
  if (has_any(name, {"kokoro", "-tts"})) return "text-to-speech";
  return "text";
}

bool has_pooling(const fs::path& folder) {
  return is_there(folder / "1_Pooling") || is_there(folder / "modules.json") ||
         is_there(folder / "config_sentence_transformers.json");
}

std::string template_text(const fs::path& folder) {
  if (is_there(folder / "chat_template.jinja")) return read_file(folder / "chat_template.jinja");
  for (const char* name : {"chat_template.json", "tokenizer_config.json"})
    if (auto text = template_in(folder / name); !text.empty()) return text;
  return {};
}

std::string licence_of(const fs::path& folder) {
  std::ifstream card(folder / "README.md");
  std::string line;
  if (std::getline(card, line) && without_quotes(line) == "---")
    while (std::getline(card, line) && !line.starts_with("---")) {
      constexpr std::string_view kKey = "license:";
      if (line.starts_with(kKey)) return without_quotes(line.substr(kKey.size()));
    }
  for (const char* name : {"LICENSE", "LICENSE.md", "LICENSE.txt"})
    if (is_there(folder / name)) return fmt::format("see {}", name);
  return {};
}

std::string packing_fault(const json::object& config) {
  if (config.contains("quantization")) return {};
  const auto* settings = config.if_contains("quantization_config");
  if (settings == nullptr || !settings->is_object()) return {};
  const std::string_view method = text_of(settings->get_object(), "quant_method");
  static constexpr auto kRefused = std::to_array<std::string_view>(
      {"awq", "gptq", "bitsandbytes", "compressed-tensors", "aqlm", "hqq", "quanto", "torchao"});
  if (std::ranges::find(kRefused, method) == kRefused.end()) return {};
  return fmt::format("its weights are packed by {}, which is not supported; take another edition",
                     method);
}

}  // namespace hearth::services
