// The table: names, patterns and flags.
#include "gguf/pre_tokenizers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace hearth::gguf {

namespace {

json::object byte_level(bool splits) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", splits}};
}

json::object split(std::string_view pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

json::object digits() {
  return {{"type", "Digits"}, {"individual_digits", true}};
}

json::object sequence(json::array steps) {
  return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

/// Words, numbers of up to so many digits, signs, line ends, spaces: what most models have had
/// since GPT-4.
json::object by_words(std::string_view digits_pattern) {
  return split(std::string(R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)") +
               std::string(digits_pattern) +
               R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)");
}

/// Words are also cut where small letters are followed by capitals.
json::object by_cases() {
  return split(R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
               R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
               R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)");
}

/// The same way spelt alike: offsets are not compared, and what is left out has its usual value.
json::value comparable(json::value steps) {
  if (auto* list = steps.if_array())
    for (json::value& step : *list) step = comparable(std::move(step));
  json::object* object = steps.if_object();
  if (!object) return steps;
  object->erase("trim_offsets");
  if (json::value* type = object->if_contains("type"); type && *type == "ByteLevel")
    object->emplace("use_regex", true);
  if (json::value* inner = object->if_contains("pretokenizers"))
    *inner = comparable(std::move(*inner));
  return steps;
}

struct Named {
  std::vector<std::string_view> names;  ///< the first one is written
  PreTokenizer way;
};

const std::vector<Named>& all_ways() {
  static const std::vector<Named> kWays = [] {
    const json::value none;
    const json::object nfc{{"type", "NFC"}};
    std::vector<Named> ways;
    ways.push_back({{"gpt-2"}, {.steps = byte_level(true), .normalizer = none}});
    ways.push_back({{"llama-bpe", "llama3", "llama-v3"},
                    {.steps = sequence({by_words(R"(\p{N}{1,3})"), byte_level(false)}),
                     .normalizer = none,
                     .ignore_merges = true,
                     .adds_begin = true}});
    ways.push_back(
        {{"qwen2"},
         {.steps = sequence({by_words(R"(\p{N})"), byte_level(false)}), .normalizer = nfc}});
    ways.push_back({{"tekken"},
                    {.steps = sequence({by_cases(), byte_level(false)}),
                     .normalizer = none,
                     .ignore_merges = true,
                     .adds_begin = true}});
    ways.push_back(
        {{"smollm"}, {.steps = sequence({digits(), byte_level(true)}), .normalizer = none}});
    ways.push_back(
        {{"deepseek-coder"},
         {.steps = sequence({split(R"([\r\n])"), split(R"(\s?\p{L}+)"), split(R"(\s?\p{P}+)"),
                             split("[一-龥ࠀ-一가-퟿]+"), digits(), byte_level(false)}),
          .normalizer = none}});
    return ways;
  }();
  return kWays;
}

}  // namespace

const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const Named& named : all_ways())
    if (std::ranges::count(named.names, name) > 0) return &named.way;
  return nullptr;
}

std::string_view pre_tokenizer_name(const json::value& steps, bool ignore_merges) {
  for (const Named& named : all_ways())
    if (named.way.ignore_merges == ignore_merges &&
        comparable(named.way.steps) == comparable(steps))
      return named.names[0];
  return {};
}

std::string pre_tokenizer_names() {
  std::string text;
  for (const Named& named : all_ways()) {
    if (!text.empty()) text += ", ";
    text += named.names[0];
  }
  return text;
}

}  // namespace hearth::gguf
