// What a model is for, and what it can do: from its config first, its name last.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.h"

namespace hearth::services {

/// text, vision, embedding, reranker, speech-to-text or text-to-speech.
/// @param pools  the folder says how to make one vector of a text (1_Pooling, modules.json ...)
std::string_view model_kind(const json::object& config, bool pools, std::string_view id);

/// Whether the folder says how embeddings are made.
bool has_pooling(const std::filesystem::path& folder);

/// The text of the chat template, wherever the folder keeps it; empty if nowhere.
std::string template_text(const std::filesystem::path& folder);

/// `license:` of the model card's head, else what kind of licence file there is; empty if neither.
std::string licence_of(const std::filesystem::path& folder);

/// Why weights packed this way cannot be run; empty if nothing is known against it.
std::string packing_fault(const json::object& config);

}  // namespace hearth::services
