// A small list of models that are known to run here, and which of them suit a machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "services/library/library.h"
#include "services/library/memory_need.h"

namespace hearth::services {

enum class Purpose { Chat, Reasoning, Code };
/// "chat", "reasoning", "code".
std::string_view name(Purpose purpose);

/// A model of the Hub by its published shapes.
struct CatalogueRow {
  std::string_view id;      ///< at the Hub
  std::string_view family;  ///< model_type
  Purpose purpose;
  double billions;               ///< of parameters
  double bits;                   ///< of a weight, scales and offsets included
  std::uint32_t layers;          ///< that keep keys and values of everything
  std::uint32_t sliding_layers;  ///< that keep those of a window
  std::uint32_t window;          ///< tokens of it
  std::uint32_t kv_heads;
  std::uint32_t head_width;
  std::uint32_t context_length;
};
std::span<const CatalogueRow> catalogue();

/// What the row's model needs.
MemoryNeed need_of(const CatalogueRow& row);

struct Recommendation {
  const CatalogueRow* row = nullptr;
  Fit fit;
  bool here = false;  ///< it is on this machine already
  bool best = false;  ///< the ablest of its purpose that fits
};

/// The whole catalogue: what fits first, and of that the largest first, since more parameters
/// answer better at the same number of bits.
/// @param here  models on this machine
std::vector<Recommendation> recommend(std::uint64_t budget_bytes,
                                      const std::vector<ModelEntry>& here);

/// As the API and `--json` tell it.
json::object describe(const Recommendation& recommendation);

}  // namespace hearth::services
