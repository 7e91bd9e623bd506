// Shapes become bytes, bytes become a verdict.
#include "services/library/memory_need.h"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>

#include "services/memory_text.h"

namespace hearth::services {
namespace {

/// 8 bits, and a scale and an offset of 16 bits for every 64 of them.
constexpr double kPackedPart = 8.5 / 16;
constexpr std::uint64_t kStepTokens = 512;
constexpr std::uint32_t kUsualContext = 4096;
constexpr std::uint32_t kLeastContext = 1024;  // below that nobody is served

std::uint64_t number(const json::object& config, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (const auto* value = config.if_contains(key); value && value->is_int64())
      return static_cast<std::uint64_t>(
          std::clamp<std::int64_t>(value->get_int64(), 0, std::int64_t{1} << 40));
  return 0;
}

struct Layers {
  std::uint64_t full = 0;
  std::uint64_t sliding = 0;
};

/// The layers that keep keys and values.
Layers attention_layers(const json::object& config) {
  const auto all = number(config, {"num_hidden_layers", "n_layer", "n_layers", "num_layers"});
  const auto* types = config.if_contains("layer_types");
  if (types != nullptr && types->is_array()) {
    Layers layers;
    for (const json::value& type : types->get_array()) {
      const std::string_view kind = type.is_string() ? std::string_view(type.get_string()) : "";
      if (kind.starts_with("sliding") || kind.starts_with("chunked")) ++layers.sliding;
      if (kind == "full_attention" || kind == "attention" || kind == "global") ++layers.full;
    }
    return layers;
  }
  if (const auto every = number(config, {"full_attention_interval"}); every > 0)
    return {.full = all / every, .sliding = 0};
  return {.full = all, .sliding = 0};
}

std::uint64_t kv_bytes_of_layer(const json::object& config) {
  if (const auto rank = number(config, {"kv_lora_rank"}); rank > 0)
    return (rank + number(config, {"qk_rope_head_dim"})) * kKvElementBytes;
  const auto heads = number(config, {"num_attention_heads", "n_head", "num_heads"});
  auto kv_heads = number(config, {"num_key_value_heads", "num_kv_heads"});
  if (kv_heads == 0) kv_heads = heads;
  auto width = number(config, {"head_dim"});
  if (width == 0 && heads > 0) width = number(config, {"hidden_size", "n_embd", "d_model"}) / heads;
  return 2 * kv_heads * width * kKvElementBytes;
}

std::uint64_t workspace(const json::object& config) {
  const auto width = number(config, {"hidden_size", "n_embd", "d_model"});
  const auto inner =
      std::max(number(config, {"intermediate_size", "n_inner", "ffn_dim"}), width * 2);
  const auto vocabulary = number(config, {"vocab_size"});
  constexpr std::uint64_t kFloat = 4;
  constexpr std::uint64_t kRowsWithLogits = 64;
  return kWorkerProcessBytes +
         kFloat * (kStepTokens * (6 * width + 3 * inner) + kRowsWithLogits * vocabulary);
}

/// How many tokens `bytes` hold, at most the context that is looked at.
std::uint32_t tokens_in(std::uint64_t bytes, double per_token, std::uint32_t most) {
  if (per_token <= 0) return most;
  return static_cast<std::uint32_t>(
      std::min(static_cast<double>(bytes) / per_token, static_cast<double>(most)));
}

}  // namespace

const json::object& text_config(const json::object& config) {
  const auto* inner = config.if_contains("text_config");
  return inner && inner->is_object() ? inner->get_object() : config;
}

MemoryNeed memory_need(const json::object& whole) {
  const json::object& config = text_config(whole);
  const Layers layers = attention_layers(config);
  const auto of_layer = kv_bytes_of_layer(config);
  MemoryNeed need;
  need.kv_bytes_per_token = layers.full * of_layer;
  need.kv_window_bytes =
      layers.sliding * of_layer * number(config, {"sliding_window", "attention_chunk_size"});
  need.workspace_bytes = workspace(config);
  need.context_length = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      number(config, {"max_position_embeddings", "n_positions"}), 1U << 31));
  return need;
}

Fit fit(const MemoryNeed& need, std::uint64_t budget_bytes) {
  const std::uint32_t wanted = need.context_length > 0 ? need.context_length : kUsualContext;
  Fit fit{.need_bytes = need.with(wanted), .budget_bytes = budget_bytes};
  const std::uint64_t fixed = need.with(0);
  if (fixed <= budget_bytes) {
    const auto per_token = static_cast<double>(need.kv_bytes_per_token);
    fit.context = tokens_in(budget_bytes - fixed, per_token, wanted);
    fit.packed_context = tokens_in(budget_bytes - fixed, per_token * kPackedPart, wanted);
  }
  if (fit.context >= wanted)
    fit.verdict = Fit::Verdict::Fits;
  else if (fit.packed_context >= wanted)
    fit.verdict = Fit::Verdict::FitsPacked;
  else if (fit.packed_context >= kLeastContext)
    fit.verdict = Fit::Verdict::FitsShorter;
  return fit;
}

std::string_view name(Fit::Verdict verdict) {
  switch (verdict) {
    case Fit::Verdict::Fits:
      return "fits";
    case Fit::Verdict::FitsShorter:
      return "fits_shorter";
    case Fit::Verdict::FitsPacked:
      return "fits_packed";
    case Fit::Verdict::DoesNotFit:
      break;
  }
  return "does_not_fit";
}

std::string describe(const Fit& fit) {
  const auto have = memory_text(fit.budget_bytes);
  const auto need = memory_text(fit.need_bytes);
  switch (fit.verdict) {
    case Fit::Verdict::Fits:
      return fmt::format("fits: needs about {} of {} with its whole context", need, have);
    case Fit::Verdict::FitsPacked:
      return fmt::format(
          "fits with --kv-cache 8-bit; with 16 bits only {} tokens of context fit into {}",
          fit.context, have);
    case Fit::Verdict::FitsShorter:
      return fmt::format(
          "fits with a shorter context: {} tokens, or {} with --kv-cache 8-bit, into {} (the whole "
          "one would need {})",
          fit.context, fit.packed_context, have, need);
    case Fit::Verdict::DoesNotFit:
      break;
  }
  return fmt::format("does not fit: needs about {}, and {} may be used here", need, have);
}

}  // namespace hearth::services
