// From a checkpoint's tensor names to the paths that layers ask for.
#pragma once

#include <string>
#include <string_view>

#include "models/family.h"

namespace hearth::models {

/// One form for all: the wrapper prefix of a nested language model is dropped, then the family's
/// name map applies. The canonical tree is model.embed_tokens, model.layers.N, model.norm, lm_head.
std::string canonical_name(const Family& family, std::string path);

/// True for a tensor that no language model needs: stored rotary tables, the copy of a tied head,
/// and what belongs to the other towers (vision, audio) of a nested config.
/// @param path  canonical
bool is_superfluous(std::string_view path, bool tied_head, bool nested);

}  // namespace hearth::models
