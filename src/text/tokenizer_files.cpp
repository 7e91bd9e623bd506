// Which files of a model folder say how its tokenizer works?
#include "text/tokenizer_files.h"

#include <algorithm>
#include <fstream>
#include <vector>

namespace hearth::text {
namespace {

constexpr std::size_t kMaxTokenizerBytes = 512u << 20;

struct OtherForm {
  std::string_view file;  ///< a name, or an ending with its dot
  std::string_view form;
};
constexpr OtherForm kOtherForms[] = {
    {"tokenizer.model", "SentencePiece"},
    {"tekken.json", "Mistral's tekken"},
    {".tiktoken", "tiktoken"},
    {".model.v3", "SentencePiece"},
    {"spiece.model", "SentencePiece"},
};

/// The file of another tokenizer form that lies in the folder.
std::string find_other_form(const std::filesystem::path& folder, std::string_view& form) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    for (const OtherForm& other : kOtherForms) {
      if (!name.ends_with(other.file)) continue;
      form = other.form;
      return name;
    }
  }
  return {};
}

std::unexpected<Error> no_tokenizer(const std::filesystem::path& folder) {
  std::string_view form;
  const std::string other = find_other_form(folder, form);
  if (other.empty()) {
    return fail(ErrorCode::NotFound,
                "no tokenizer in \"{}\": there is no tokenizer.json (nor tokenizer.model, "
                "tekken.json or *.tiktoken); download the model's tokenizer.json into that folder",
                folder.string());
  }
  return fail(ErrorCode::UnsupportedCapability,
              "the only tokenizer in \"{}\" is {} ({}), which is not supported; save it as "
              "tokenizer.json (transformers: AutoTokenizer.from_pretrained(folder)"
              ".save_pretrained(folder)) or take a copy of the model that has tokenizer.json",
              folder.string(), other, form);
}

Result<json::object> read_config(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return json::object{};
  const std::string text = TRY(read_text_file(file, kMaxConfigBytes));
  json::value value = TRY_IN(file.filename().string(), base::parse_json(text));
  if (!value.is_object()) {
    return fail(ErrorCode::CorruptData, "{}: a JSON object is expected", file.filename().string());
  }
  return std::move(value.get_object());
}

std::string content_of(const json::value& token) {
  if (token.is_string()) return std::string(token.get_string());
  const json::object* object = token.if_object();
  const json::value* content = object != nullptr ? object->if_contains("content") : nullptr;
  return content != nullptr && content->is_string() ? std::string(content->get_string())
                                                    : std::string();
}

json::object late_token(std::string_view content, bool special) {
  return {{"content", content}, {"special", special}, {"single_word", false},
          {"lstrip", false},    {"rstrip", false},    {"normalized", !special}};
}

/// An entry of added_tokens_decoder, with the defaults of its kind.
json::object late_token(const json::object& entry) {
  const json::value* special = entry.if_contains("special");
  json::object token = late_token(content_of(entry),
                                  special != nullptr && special->is_bool() && special->get_bool());
  for (auto& member : token) {
    const json::value* given = entry.if_contains(member.key());
    if (given != nullptr && given->is_bool()) member.value() = *given;
  }
  return token;
}

/// The entries of added_tokens_decoder in the order of their ids.
std::vector<const json::object*> declared_tokens(const json::object& config) {
  std::vector<std::pair<std::uint64_t, const json::object*>> entries;
  const json::value* declared = config.if_contains("added_tokens_decoder");
  if (declared == nullptr || !declared->is_object()) return {};
  for (const auto& [id, token] : declared->get_object()) {
    if (!token.is_object()) continue;
    entries.emplace_back(std::strtoull(std::string(id).c_str(), nullptr, 10), &token.get_object());
  }
  std::sort(entries.begin(), entries.end());
  std::vector<const json::object*> tokens;
  tokens.reserve(entries.size());
  for (const auto& entry : entries) tokens.push_back(entry.second);
  return tokens;
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& file, std::size_t max_bytes) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return fail(ErrorCode::Io, "read {}: {}", file.string(), error.message());
  if (size > max_bytes) {
    return fail(ErrorCode::CorruptData,
                "read {}: {} bytes are more than the {} that such a file "
                "may have",
                file.string(), size, max_bytes);
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text(size, '\0');
  if (!stream.read(text.data(), static_cast<std::streamsize>(size))) {
    return fail(ErrorCode::Io, "read {}: the file could not be read to its end", file.string());
  }
  return text;
}

Result<TokenizerFiles> read_tokenizer_files(const std::filesystem::path& model_folder) {
  const std::filesystem::path file = model_folder / "tokenizer.json";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return no_tokenizer(model_folder);
  TokenizerFiles files;
  files.tokenizer_json = TRY(read_text_file(file, kMaxTokenizerBytes));
  files.config = TRY(read_config(model_folder / "tokenizer_config.json"));
  for (auto& member : TRY(read_config(model_folder / "special_tokens_map.json"))) {
    files.config.emplace(member.key(), std::move(member.value()));  // the configuration wins
  }
  return files;
}

std::map<std::string, std::string> special_tokens_of(const json::object& config) {
  std::map<std::string, std::string> tokens;
  for (const auto& member : config) {
    const std::string name(member.key());
    if (!name.ends_with("_token")) continue;
    const std::string text = content_of(member.value());
    if (!text.empty()) tokens.emplace(name, text);
  }
  return tokens;
}

std::string late_tokens_of(const json::object& config) {
  json::array late;
  for (const json::object* entry : declared_tokens(config)) {
    if (!content_of(*entry).empty()) late.push_back(late_token(*entry));
  }
  for (const auto& [name, text] : special_tokens_of(config)) late.push_back(late_token(text, true));
  if (const json::value* more = config.if_contains("additional_special_tokens")) {
    if (const json::array* list = more->if_array()) {
      for (const json::value& token : *list) {
        if (!content_of(token).empty()) late.push_back(late_token(content_of(token), true));
      }
    }
  }
  return late.empty() ? std::string() : json::serialize(late);
}

}  // namespace hearth::text
