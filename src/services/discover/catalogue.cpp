// The list, and choosing from it.
#include "services/discover/catalogue.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "services/library/model_json.h"

namespace hearth::services {
namespace {

using enum Purpose;

/// 4 bits, and a scale and an offset of 16 bits for each 64 weights.
constexpr double kFour = 4.5;
constexpr double kEight = 8.5;

// As the models' own configs state them: family, billions of parameters, layers, heads of keys and
// values, their width.
constexpr PublishedShape kQwen25Of500M{"qwen2", 0.494, 24, 2, 64};
constexpr PublishedShape kQwen25Of1500M{"qwen2", 1.544, 28, 2, 128};
constexpr PublishedShape kQwenMathOf1500M{"qwen2", 1.777, 28, 2, 128};
constexpr PublishedShape kQwen25Of3B{"qwen2", 3.086, 36, 2, 128};
constexpr PublishedShape kQwen25Of7B{"qwen2", 7.616, 28, 4, 128};
constexpr PublishedShape kQwen3Of600M{"qwen3", 0.596, 28, 8, 128};
constexpr PublishedShape kQwen3Of1700M{"qwen3", 1.72, 28, 8, 128};
constexpr PublishedShape kQwen3Of4B{"qwen3", 4.022, 36, 8, 128};
constexpr PublishedShape kQwen3Of8B{"qwen3", 8.191, 36, 8, 128};
constexpr PublishedShape kQwen3Of14B{"qwen3", 14.768, 40, 8, 128};
constexpr PublishedShape kQwen3Of32B{"qwen3", 32.762, 64, 8, 128};
constexpr PublishedShape kQwen3Of30BActive3B{"qwen3_moe", 30.532, 48, 4, 128};
constexpr PublishedShape kLlama32Of1B{"llama", 1.236, 16, 8, 64};
constexpr PublishedShape kLlama32Of3B{"llama", 3.213, 28, 8, 128};
constexpr PublishedShape kLlama31Of8B{"llama", 8.03, 32, 8, 128};
constexpr PublishedShape kLlama33Of70B{"llama", 70.554, 80, 8, 128};
constexpr PublishedShape kMistralOf7B{"mistral", 7.248, 32, 8, 128};
constexpr PublishedShape kMistralOf24B{"mistral", 23.572, 40, 8, 128};
constexpr PublishedShape kGemma2Of9B{"gemma2", 9.242, 21, 8, 256, 21, 4096};
constexpr PublishedShape kGemma3Of1B{"gemma3_text", 1.0, 4, 1, 256, 22, 512};
constexpr PublishedShape kLfm2Of1200M{"lfm2", 1.17, 6, 8, 64};
constexpr PublishedShape kSmolLm3Of3B{"smollm3", 3.075, 36, 4, 128};

constexpr auto kRows = std::to_array<CatalogueRow>({
    {"mlx-community/Qwen2.5-0.5B-Instruct-4bit", kQwen25Of500M, Chat, 32768, kFour},
    {"mlx-community/Qwen3-0.6B-4bit", kQwen3Of600M, Chat, 40960, kFour},
    {"mlx-community/gemma-3-1b-it-4bit", kGemma3Of1B, Chat, 32768, kFour},
    {"mlx-community/LFM2-1.2B-4bit", kLfm2Of1200M, Chat, 128000, kFour},
    {"mlx-community/Llama-3.2-1B-Instruct-4bit", kLlama32Of1B, Chat, 131072, kFour},
    {"mlx-community/Qwen2.5-1.5B-Instruct-4bit", kQwen25Of1500M, Chat, 32768, kFour},
    {"mlx-community/Qwen3-1.7B-4bit", kQwen3Of1700M, Chat, 40960, kFour},
    {"mlx-community/DeepSeek-R1-Distill-Qwen-1.5B-4bit", kQwenMathOf1500M, Reasoning, 131072,
     kFour},
    {"mlx-community/DeepSeek-R1-Distill-Qwen-1.5B-8bit", kQwenMathOf1500M, Reasoning, 131072,
     kEight},
    {"mlx-community/SmolLM3-3B-4bit", kSmolLm3Of3B, Chat, 65536, kFour},
    {"mlx-community/Qwen2.5-3B-Instruct-4bit", kQwen25Of3B, Chat, 32768, kFour},
    {"mlx-community/Llama-3.2-3B-Instruct-4bit", kLlama32Of3B, Chat, 131072, kFour},
    {"mlx-community/Qwen3-4B-4bit", kQwen3Of4B, Reasoning, 40960, kFour},
    {"mlx-community/Qwen3-4B-Instruct-2507-4bit", kQwen3Of4B, Chat, 262144, kFour},
    {"mlx-community/Mistral-7B-Instruct-v0.3-4bit", kMistralOf7B, Chat, 32768, kFour},
    {"mlx-community/Qwen2.5-7B-Instruct-4bit", kQwen25Of7B, Chat, 32768, kFour},
    {"mlx-community/Qwen2.5-Coder-7B-Instruct-4bit", kQwen25Of7B, Code, 32768, kFour},
    {"mlx-community/Meta-Llama-3.1-8B-Instruct-4bit", kLlama31Of8B, Chat, 131072, kFour},
    {"mlx-community/DeepSeek-R1-Distill-Llama-8B-4bit", kLlama31Of8B, Reasoning, 131072, kFour},
    {"mlx-community/Qwen3-8B-4bit", kQwen3Of8B, Reasoning, 40960, kFour},
    {"mlx-community/gemma-2-9b-it-4bit", kGemma2Of9B, Chat, 8192, kFour},
    {"mlx-community/Qwen3-14B-4bit", kQwen3Of14B, Reasoning, 40960, kFour},
    {"mlx-community/Mistral-Small-24B-Instruct-2501-4bit", kMistralOf24B, Chat, 32768, kFour},
    {"mlx-community/Devstral-Small-2507-4bit", kMistralOf24B, Code, 131072, kFour},
    {"mlx-community/Qwen3-30B-A3B-Instruct-2507-4bit", kQwen3Of30BActive3B, Chat, 262144, kFour},
    {"mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit", kQwen3Of30BActive3B, Code, 262144, kFour},
    {"mlx-community/Qwen3-32B-4bit", kQwen3Of32B, Reasoning, 40960, kFour},
    {"mlx-community/Llama-3.3-70B-Instruct-4bit", kLlama33Of70B, Chat, 131072, kFour},
});

constexpr std::uint64_t kWorkspaceBytes = std::uint64_t{300} << 20;
constexpr std::uint32_t kConversation = 8192;

}  // namespace

std::string_view name(Purpose purpose) {
  switch (purpose) {
    case Chat:
      return "chat";
    case Reasoning:
      return "reasoning";
    case Code:
      break;
  }
  return "code";
}

std::span<const CatalogueRow> catalogue() {
  return kRows;
}

MemoryNeed need_of(const CatalogueRow& row) {
  const PublishedShape& shape = row.shape;
  const std::uint64_t of_layer =
      std::uint64_t{2} * shape.kv_heads * shape.head_width * kKvElementBytes;
  return {
      .weight_bytes = static_cast<std::uint64_t>(std::llround(shape.billions * 1e9 * row.bits / 8)),
      .kv_bytes_per_token = shape.layers * of_layer,
      .kv_window_bytes = shape.sliding_layers * of_layer * shape.window,
      .workspace_bytes = kWorkspaceBytes,
      .context_length = row.context_length};
}

bool leaves_a_conversation(const Fit& fit, std::uint32_t context_length) {
  return fit.verdict != Fit::Verdict::DoesNotFit &&
         fit.context >= std::min(kConversation, context_length);
}

std::vector<Recommendation> recommend(std::uint64_t budget_bytes,
                                      const std::vector<ModelEntry>& here) {
  std::set<std::string_view> ids;
  for (const ModelEntry& model : here) ids.insert(model.id);
  std::vector<Recommendation> all;
  all.reserve(kRows.size());
  for (const CatalogueRow& row : kRows) {
    const Fit verdict = fit(need_of(row), budget_bytes);
    all.push_back({.row = &row,
                   .fit = verdict,
                   .suits = leaves_a_conversation(verdict, row.context_length),
                   .here = ids.contains(row.id)});
  }
  std::ranges::sort(all, [](const Recommendation& a, const Recommendation& b) {
    if (a.suits != b.suits) return a.suits;
    const auto bytes = [](const Recommendation& one) { return need_of(*one.row).weight_bytes; };
    if (bytes(a) != bytes(b)) return a.suits ? bytes(a) > bytes(b) : bytes(a) < bytes(b);
    return a.row->id < b.row->id;
  });
  std::set<Purpose> served;
  for (Recommendation& one : all) one.best = one.suits && served.insert(one.row->purpose).second;
  return all;
}

json::object describe(const Recommendation& recommendation) {
  const CatalogueRow& row = *recommendation.row;
  return {{"id", row.id},
          {"family", row.shape.family},
          {"purpose", name(row.purpose)},
          {"parameters", static_cast<std::uint64_t>(std::llround(row.shape.billions * 1e9))},
          {"bits", row.bits},
          {"weight_bytes", need_of(row).weight_bytes},
          {"context_length", row.context_length},
          {"fit", describe_fit(recommendation.fit)},
          {"suits", recommendation.suits},
          {"here", recommendation.here},
          {"best", recommendation.best}};
}

}  // namespace hearth::services
