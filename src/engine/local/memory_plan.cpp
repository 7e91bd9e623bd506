// The arithmetic of the KV cache.
#include "engine/local/memory_plan.h"

#include <algorithm>
#include <limits>

#include "engine/page_pool.h"

namespace hearth::engine {
namespace {

constexpr std::uint64_t kSnapshots = 64;  // beyond one per sequence
constexpr std::uint64_t kTails = 16;      // windows kept for later prompts, beyond one per sequence
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

/// What pages cost, and how many are of use.
struct Demand {
  std::uint64_t page_bytes = 0;    ///< in the layers that share a page; at least 1
  std::uint64_t window_bytes = 0;  ///< of a window page; 0: there are none
  std::uint64_t context = 0;       ///< pages of one context
  std::uint64_t held = 0;          ///< window pages that a sequence holds at once, at most
  std::uint64_t sequences = 0;

  std::uint64_t context_bytes() const { return context * page_bytes + held * window_bytes; }
};

Demand demand_of(const EngineOptions& options, const MemoryFacts& facts, std::uint32_t context) {
  // Of a model whose layers all have a window, or are recurrent, pages are numbers and nothing
  // else.
  Demand demand{.page_bytes = std::max<std::uint64_t>(facts.page_bytes, 1),
                .context = pages_for(context),
                .sequences = std::max(options.max_sequences, 1U)};
  if (facts.window == 0) return demand;
  const auto held = pages_across(std::uint64_t{facts.window} + options.tokens_per_step - 1);
  if (held >= demand.context) return demand;  // a window that hardly ever leaves anything behind
  demand.page_bytes = std::max<std::uint64_t>(facts.page_bytes - facts.window_bytes, 1);
  demand.window_bytes = facts.window_bytes;
  demand.held = held;
  return demand;
}

struct Pools {
  std::uint64_t pages = 0;
  std::uint64_t windows = 0;
};

/// As many of both kinds, but windows no more than are of use, and one context comes first.
Pools split(const Demand& demand, std::uint64_t bytes) {
  if (demand.window_bytes == 0) return {.pages = bytes / demand.page_bytes};
  const std::uint64_t useful = (demand.sequences + kTails) * demand.held;
  std::uint64_t windows = std::min(useful, bytes / (demand.page_bytes + demand.window_bytes));
  if (bytes >= demand.context_bytes())
    windows = std::min(windows, (bytes - demand.context * demand.page_bytes) / demand.window_bytes);
  else
    windows = std::min(windows, demand.held);
  if (windows < demand.held) return {.pages = windows, .windows = windows};
  return {.pages = (bytes - windows * demand.window_bytes) / demand.page_bytes, .windows = windows};
}

}  // namespace

Result<MemoryPlan> plan_memory(const EngineOptions& options, const MemoryFacts& facts) {
  const std::uint32_t asked = options.context_length;
  const std::uint32_t context =
      asked == 0 ? facts.model_context : std::min(asked, facts.model_context);
  const Demand demand = demand_of(options, facts, context);

  const bool fixed = options.kv_bytes > 0;
  const std::uint64_t most = fixed ? options.kv_bytes : facts.available_bytes / 4 * 3;
  const std::uint64_t usual = fixed ? most : facts.available_bytes / 4;
  const Pools largest = split(demand, most);
  if (largest.pages < 1 || (asked != 0 && largest.pages < demand.context))
    return fail(
        ErrorCode::OutOfMemory,
        "a context of {} tokens needs {:.2f} GiB for keys and values, but {:.2f} GiB {}; ask "
        "for a shorter context, or free memory",
        context, gib(demand.context_bytes()), gib(most),
        fixed ? "are set aside for them" : "can be had");

  const Pools pools = split(demand, std::max(usual, std::min(demand.context_bytes(), most)));
  const std::uint64_t pages = std::min({demand.context * demand.sequences, pools.pages, kMost});
  const std::uint64_t windows = std::min(pools.windows, pages);
  return MemoryPlan{.pages = static_cast<std::uint32_t>(pages),
                    .windows = {.pages = static_cast<std::uint32_t>(windows),
                                .tokens = std::max(facts.window, 1U)},
                    .states = plan_states(options, facts),
                    .context_length = static_cast<std::uint32_t>(
                        std::min<std::uint64_t>(context, pages * kPageTokens))};
}

}  // namespace hearth::engine
