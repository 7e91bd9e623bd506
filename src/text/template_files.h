// Where does a model folder keep its chat template?
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/result.h"

namespace hearth::text {

/// The template's text, or an array of {name, template}; null where the model has none.
/// chat_template.jinja wins, then chat_template.json, then tokenizer_config.json.
Result<json::value> read_chat_template(const std::filesystem::path& model_folder);

}  // namespace hearth::text
