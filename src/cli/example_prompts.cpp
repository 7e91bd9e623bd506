// The five, and the file that holds them.
#include "cli/example_prompts.h"

#include <fstream>
#include <iterator>
#include <system_error>

#include "base/json.h"

namespace hearth::cli {

namespace fs = std::filesystem;

namespace {

std::vector<ExamplePrompt> built_in() {
  return {{"simple", "What is the capital of France?"},
          {"rag",
           "Use the following context to answer the question:\n\nContext: Paris is the capital and "
           "largest city of France.\n\nQuestion: What is the capital of France?"},
          {"creative", "Write a haiku about programming."},
          {"technical", "Explain what a neural network is in simple terms."},
          {"multilingual", "Traduire en français: Hello, how are you?"}};
}

/// One prompt per line, for those who edit it.
void write(const fs::path& path, const std::vector<ExamplePrompt>& prompts) {
  std::string text;
  for (const ExamplePrompt& prompt : prompts) {
    text += text.empty() ? "{\n  " : ",\n  ";
    base::append_json_string(text, prompt.key);
    text += ": ";
    base::append_json_string(text, prompt.text);
  }
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  std::ofstream(path, std::ios::binary) << text << "\n}\n";
}

}  // namespace

Result<std::vector<ExamplePrompt>> example_prompts(const fs::path& home) {
  const fs::path path = home / "example-prompts.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    auto prompts = built_in();
    write(path, prompts);
    return prompts;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto parsed = base::parse_json(text);
  if (!parsed || !parsed->is_object())
    return fail(ErrorCode::CorruptData,
                "{}: {}; remove it, and the five that come with Hearth are written anew",
                path.string(),
                parsed ? "must be an object of texts by key" : parsed.error().message);
  std::vector<ExamplePrompt> prompts;
  for (const auto& member : parsed->get_object()) {
    const json::string* value = member.value().if_string();
    if (!value)
      return fail(ErrorCode::CorruptData, "{}: \"{}\" must be a text", path.string(),
                  std::string_view(member.key()));
    prompts.push_back({std::string(member.key()), std::string(*value)});
  }
  return prompts;
}

Result<std::string> example_prompt(const fs::path& home, const std::string& key) {
  std::string keys;
  for (const ExamplePrompt& prompt : TRY(example_prompts(home))) {
    if (prompt.key == key) return prompt.text;
    keys += (keys.empty() ? "" : ", ") + prompt.key;
  }
  return fail(ErrorCode::NotFound, "there is no example \"{}\" (there are {})", key,
              keys.empty() ? "none" : keys);
}

}  // namespace hearth::cli
