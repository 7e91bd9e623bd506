// Where does a model folder keep its chat template?
#include "text/template_files.h"

#include "text/tokenizer_files.h"

namespace hearth::text {
namespace {

constexpr std::size_t kMaxTemplateBytes = 4u << 20;

bool lies_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

/// The member `chat_template` of a JSON file; null where there is none.
Result<json::value> template_in(const std::filesystem::path& file) {
  const std::string text = TRY(read_text_file(file, kMaxConfigBytes));
  const json::value config = TRY_IN(file.filename().string(), base::parse_json(text));
  const json::object* object = config.if_object();
  const json::value* source = object != nullptr ? object->if_contains("chat_template") : nullptr;
  if (source == nullptr) return json::value();
  if (source->is_null() || source->is_string() || source->is_array()) return *source;
  return fail(ErrorCode::CorruptData,
              "{}: chat_template must be a text or a list of named templates",
              file.filename().string());
}

}  // namespace

Result<json::value> read_chat_template(const std::filesystem::path& model_folder) {
  const std::filesystem::path jinja = model_folder / "chat_template.jinja";
  if (lies_there(jinja))
    return json::value(json::string(TRY(read_text_file(jinja, kMaxTemplateBytes))));
  for (const char* name : {"chat_template.json", "tokenizer_config.json"}) {
    const std::filesystem::path file = model_folder / name;
    if (!lies_there(file)) continue;
    json::value source = TRY(template_in(file));
    if (!source.is_null()) return source;
  }
  return json::value();
}

}  // namespace hearth::text
