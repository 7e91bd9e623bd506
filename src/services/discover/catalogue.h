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

/// What its makers published of a model; others that were trained on share it.
struct PublishedShape {
  std::string_view family;  ///< model_type
  double billions;          ///< of parameters
  std::uint32_t layers;     ///< that keep keys and values of everything
  std::uint32_t kv_heads;
  std::uint32_t head_width;
  std::uint32_t sliding_layers = 0;  ///< that keep keys and values of a window
  std::uint32_t window = 0;          ///< tokens of it
};

/// A model of the Hub.
struct CatalogueRow {
  std::string_view id;  ///< at the Hub
  PublishedShape shape;
  Purpose purpose;
  std::uint32_t context_length;
  double bits;  ///< of a weight, scales and offsets included
};
std::span<const CatalogueRow> catalogue();

/// What the row's model needs.
MemoryNeed need_of(const CatalogueRow& row);

struct Recommendation {
  const CatalogueRow* row = nullptr;
  Fit fit;
  bool suits = false;  ///< leaves_a_conversation()
  bool here = false;   ///< it is on this machine already
  bool best = false;   ///< the ablest of its purpose that suits
};

/// Whether what the weights leave holds a conversation with documents in it: 8,192 tokens with keys
/// and values in 16 bits, or all that the model can take, if that is less.
bool leaves_a_conversation(const Fit& fit, std::uint32_t context_length);

/// The whole catalogue: what suits first, and of that the largest first, since more parameters
/// answer better at the same number of bits.
/// @param here  models on this machine
std::vector<Recommendation> recommend(std::uint64_t budget_bytes,
                                      const std::vector<ModelEntry>& here);

/// As the API and `--json` tell it.
json::object describe(const Recommendation& recommendation);

}  // namespace hearth::services
