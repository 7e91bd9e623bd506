// Tensor names: wrappers, the families' maps, and what is left aside.
#include "models/names.h"

#include <algorithm>
#include <array>

namespace hearth::models {

namespace {

constexpr auto kTowers = std::to_array<std::string_view>(
    {"vision_tower.", "vision_model.", "visual.", "multi_modal_projector.", "audio_tower.",
     "embed_vision.", "embed_audio.", "vision_embed_tokens."});

void apply(const Rename& rename, std::string& path) {
  std::string_view from = rename.from;
  const bool anchored = from.starts_with('^');
  if (anchored) from.remove_prefix(1);
  const std::size_t at = anchored ? (path.starts_with(from) ? 0 : path.npos) : path.find(from);
  if (at != path.npos) path.replace(at, from.size(), rename.to);
}

}  // namespace

std::string canonical_name(const Family& family, std::string path) {
  static constexpr auto kWrappers = std::to_array<Rename>({{"^model.language_model.", "model."},
                                                           {"^language_model.model.", "model."},
                                                           {"^language_model.", ""}});
  for (const Rename& rename : kWrappers) apply(rename, path);
  for (const Rename& rename : family.names) apply(rename, path);
  return path;
}

bool is_superfluous(std::string_view path, bool tied_head, bool nested) {
  if (path.ends_with("rotary_emb.inv_freq")) return true;
  if (tied_head && path.starts_with("lm_head.")) return true;
  if (!nested) return false;
  if (path.starts_with("model.")) path.remove_prefix(std::string_view("model.").size());
  return std::ranges::any_of(kTowers, [&](auto tower) { return path.starts_with(tower); });
}

}  // namespace hearth::models
