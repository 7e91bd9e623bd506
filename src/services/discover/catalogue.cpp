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

/// Shapes as the models' own configs state them.
constexpr auto kRows = std::to_array<CatalogueRow>({
    {"mlx-community/Qwen2.5-0.5B-Instruct-4bit", "qwen2", Chat, 0.494, kFour, 24, 0, 0, 2, 64,
     32768},
    {"mlx-community/Qwen3-0.6B-4bit", "qwen3", Chat, 0.596, kFour, 28, 0, 0, 8, 128, 40960},
    {"mlx-community/gemma-3-1b-it-4bit", "gemma3_text", Chat, 1.0, kFour, 4, 22, 512, 1, 256,
     32768},
    {"mlx-community/LFM2-1.2B-4bit", "lfm2", Chat, 1.17, kFour, 6, 0, 0, 8, 64, 128000},
    {"mlx-community/Llama-3.2-1B-Instruct-4bit", "llama", Chat, 1.236, kFour, 16, 0, 0, 8, 64,
     131072},
    {"mlx-community/Qwen2.5-1.5B-Instruct-4bit", "qwen2", Chat, 1.544, kFour, 28, 0, 0, 2, 128,
     32768},
    {"mlx-community/Qwen3-1.7B-4bit", "qwen3", Chat, 1.72, kFour, 28, 0, 0, 8, 128, 40960},
    {"mlx-community/DeepSeek-R1-Distill-Qwen-1.5B-4bit", "qwen2", Reasoning, 1.777, kFour, 28, 0, 0,
     2, 128, 131072},
    {"mlx-community/DeepSeek-R1-Distill-Qwen-1.5B-8bit", "qwen2", Reasoning, 1.777, kEight, 28, 0,
     0, 2, 128, 131072},
    {"mlx-community/SmolLM3-3B-4bit", "smollm3", Chat, 3.075, kFour, 36, 0, 0, 4, 128, 65536},
    {"mlx-community/Qwen2.5-3B-Instruct-4bit", "qwen2", Chat, 3.086, kFour, 36, 0, 0, 2, 128,
     32768},
    {"mlx-community/Llama-3.2-3B-Instruct-4bit", "llama", Chat, 3.213, kFour, 28, 0, 0, 8, 128,
     131072},
    {"mlx-community/Qwen3-4B-4bit", "qwen3", Reasoning, 4.022, kFour, 36, 0, 0, 8, 128, 40960},
    {"mlx-community/Qwen3-4B-Instruct-2507-4bit", "qwen3", Chat, 4.022, kFour, 36, 0, 0, 8, 128,
     262144},
    {"mlx-community/Mistral-7B-Instruct-v0.3-4bit", "mistral", Chat, 7.248, kFour, 32, 0, 0, 8, 128,
     32768},
    {"mlx-community/Qwen2.5-7B-Instruct-4bit", "qwen2", Chat, 7.616, kFour, 28, 0, 0, 4, 128,
     32768},
    {"mlx-community/Qwen2.5-Coder-7B-Instruct-4bit", "qwen2", Code, 7.616, kFour, 28, 0, 0, 4, 128,
     32768},
    {"mlx-community/Meta-Llama-3.1-8B-Instruct-4bit", "llama", Chat, 8.03, kFour, 32, 0, 0, 8, 128,
     131072},
    {"mlx-community/DeepSeek-R1-Distill-Llama-8B-4bit", "llama", Reasoning, 8.03, kFour, 32, 0, 0,
     8, 128, 131072},
    {"mlx-community/Qwen3-8B-4bit", "qwen3", Reasoning, 8.191, kFour, 36, 0, 0, 8, 128, 40960},
    {"mlx-community/gemma-2-9b-it-4bit", "gemma2", Chat, 9.242, kFour, 21, 21, 4096, 8, 256, 8192},
    {"mlx-community/Qwen3-14B-4bit", "qwen3", Reasoning, 14.768, kFour, 40, 0, 0, 8, 128, 40960},
    {"mlx-community/Mistral-Small-24B-Instruct-2501-4bit", "mistral", Chat, 23.572, kFour, 40, 0, 0,
     8, 128, 32768},
    {"mlx-community/Devstral-Small-2507-4bit", "mistral", Code, 23.572, kFour, 40, 0, 0, 8, 128,
     131072},
    {"mlx-community/Qwen3-30B-A3B-Instruct-2507-4bit", "qwen3_moe", Chat, 30.532, kFour, 48, 0, 0,
     4, 128, 262144},
    {"mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit", "qwen3_moe", Code, 30.532, kFour, 48, 0, 0,
     4, 128, 262144},
    {"mlx-community/Qwen3-32B-4bit", "qwen3", Reasoning, 32.762, kFour, 64, 0, 0, 8, 128, 40960},
    {"mlx-community/Llama-3.3-70B-Instruct-4bit", "llama", Chat, 70.554, kFour, 80, 0, 0, 8, 128,
     131072},
});

constexpr std::uint64_t kElementBytes = 2;  // a key or value in 16 bits
constexpr std::uint64_t kWorkspaceBytes = std::uint64_t{300} << 20;

bool fits(const Recommendation& one) {
  return one.fit.verdict != Fit::Verdict::DoesNotFit;
}

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
  const std::uint64_t of_layer = std::uint64_t{2} * row.kv_heads * row.head_width * kElementBytes;
  return {
      .weight_bytes = static_cast<std::uint64_t>(std::llround(row.billions * 1e9 * row.bits / 8)),
      .kv_bytes_per_token = row.layers * of_layer,
      .kv_window_bytes = row.sliding_layers * of_layer * row.window,
      .workspace_bytes = kWorkspaceBytes,
      .context_length = row.context_length};
}

std::vector<Recommendation> recommend(std::uint64_t budget_bytes,
                                      const std::vector<ModelEntry>& here) {
  std::set<std::string_view> ids;
  for (const ModelEntry& model : here) ids.insert(model.id);
  std::vector<Recommendation> all;
  all.reserve(kRows.size());
  for (const CatalogueRow& row : kRows)
    all.push_back(
        {.row = &row, .fit = fit(need_of(row), budget_bytes), .here = ids.contains(row.id)});
  std::ranges::sort(all, [](const Recommendation& a, const Recommendation& b) {
    if (fits(a) != fits(b)) return fits(a);
    const auto bytes = [](const Recommendation& one) { return need_of(*one.row).weight_bytes; };
    if (bytes(a) != bytes(b)) return fits(a) ? bytes(a) > bytes(b) : bytes(a) < bytes(b);
    return a.row->id < b.row->id;
  });
  std::set<Purpose> served;
  for (Recommendation& one : all) one.best = fits(one) && served.insert(one.row->purpose).second;
  return all;
}

json::object describe(const Recommendation& recommendation) {
  const CatalogueRow& row = *recommendation.row;
  return {{"id", row.id},
          {"family", row.family},
          {"purpose", name(row.purpose)},
          {"parameters", static_cast<std::uint64_t>(std::llround(row.billions * 1e9))},
          {"bits", row.bits},
          {"weight_bytes", need_of(row).weight_bytes},
          {"context_length", row.context_length},
          {"fit", describe_fit(recommendation.fit)},
          {"here", recommendation.here},
          {"best", recommendation.best}};
}

}  // namespace hearth::services
