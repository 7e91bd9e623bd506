// From shapes, wishes and measurements to three sizes.
#include "services/pool/load_need.h"

#include <algorithm>

namespace hearth::services {
namespace {

constexpr std::uint32_t kUsefulContext = 4096;
/// What small models get in any case: for many short requests at once.
constexpr std::uint64_t kLeastKv = std::uint64_t{64} << 20;

}  // namespace

LoadNeed load_need(const MemoryNeed& need, std::uint64_t measured_base, const KvWishes& wishes,
                   std::uint64_t budget_bytes) {
  LoadNeed out{.base_bytes =
                   measured_base > 0 ? measured_base : need.weight_bytes + need.workspace_bytes};
  if (wishes.fixed_bytes > 0) {
    out.least_kv = out.usual_kv = out.most_kv = wishes.fixed_bytes;
    return out;
  }
  if (budget_bytes == 0) return out;
  const auto kv_of = [&](std::uint64_t tokens) {
    const std::uint64_t bytes = need.kv_bytes_per_token * tokens + need.kv_window_bytes;
    return static_cast<std::uint64_t>(static_cast<double>(bytes) * wishes.part);
  };
  std::uint32_t context = need.context_length > 0 ? need.context_length : kUsefulContext;
  if (wishes.context_length > 0) context = std::min(context, wishes.context_length);
  const std::uint64_t whole = kv_of(context);
  const std::uint64_t comfort = budget_bytes / 4;
  // A context that was asked for is a promise; the model's own may be shortened.
  const std::uint64_t least =
      wishes.context_length > 0 ? whole : kv_of(std::min(context, kUsefulContext));
  out.least_kv = std::max(least, kLeastKv);
  out.usual_kv = std::max(out.least_kv, std::min(whole, comfort));
  out.most_kv = std::max(
      out.usual_kv, std::min(whole * std::max(wishes.max_sequences, 1U), std::max(whole, comfort)));
  return out;
}

double kv_part(const std::string& kv_cache) {
  // With each 64 numbers go a scale and an offset of 16 bits each.
  if (kv_cache == "8-bit") return 8.5 / 16;
  if (kv_cache == "4-bit") return 4.5 / 16;
  if (kv_cache == "plain") return 2;  // at most: on a CPU 32 bits are kept
  return 1;
}

}  // namespace hearth::services
