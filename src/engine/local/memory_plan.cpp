// The arithmetic of the KV cache.
#include "engine/local/memory_plan.h"

#include <algorithm>
#include <limits>

#include "engine/page_pool.h"

namespace hearth::engine {
namespace {

constexpr std::uint64_t kSnapshots = 64;  // beyond one per sequence
constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();

double gib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(1ULL << 30);
}

/// Slots for states; none for a model that keeps none.
std::uint32_t plan_states(const EngineOptions& options, const MemoryFacts& facts) {
  if (facts.state_bytes == 0) return 0;
  const std::uint64_t wanted = 2 * std::uint64_t{std::max(options.max_sequences, 1U)} + kSnapshots;
  const std::uint64_t room = facts.available_bytes / 8 / facts.state_bytes;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(2, std::min(wanted, room)));
}

}  // namespace

Result<MemoryPlan> plan_memory(const EngineOptions& options, const MemoryFacts& facts) {
  const std::uint32_t asked = options.context_length;
  const std::uint32_t context =
      asked == 0 ? facts.model_context : std::min(asked, facts.model_context);
  const std::uint64_t one = pages_for(context);

  // Of a model whose layers are all recurrent the pages are numbers and nothing else.
  const std::uint64_t page_bytes = std::max<std::uint64_t>(facts.page_bytes, 1);

  const bool fixed = options.kv_bytes > 0;
  const std::uint64_t most =
      (fixed ? options.kv_bytes : facts.available_bytes / 4 * 3) / page_bytes;
  const std::uint64_t usual = fixed ? most : facts.available_bytes / 4 / page_bytes;
  if (most < 1 || (asked != 0 && most < one))
    return fail(
        ErrorCode::OutOfMemory,
        "a context of {} tokens needs {:.2f} GiB for keys and values, but {:.2f} GiB {}; ask "
        "for a shorter context, or free memory",
        context, gib(one * page_bytes), gib(most * page_bytes),
        fixed ? "are set aside for them" : "can be had");

  const std::uint64_t wanted = one * std::max(options.max_sequences, 1U);
  const std::uint64_t pages = std::min({wanted, std::max(usual, std::min(one, most)), kMost});
  return MemoryPlan{.pages = static_cast<std::uint32_t>(pages),
                    .states = plan_states(options, facts),
                    .context_length = static_cast<std::uint32_t>(
                        std::min<std::uint64_t>(context, pages * kPageTokens))};
}

}  // namespace hearth::engine
