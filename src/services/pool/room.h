// Who must leave so that a newcomer fits: pure arithmetic over what is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::services {

/// Which of the models that nobody uses goes first.
enum class Eviction {
  LeastRecent,     ///< lru: the one unused for the longest time
  LeastFrequent,   ///< lfu: the one used least often
  SoonestToExpire  ///< ttl: the one that would be unloaded next for being idle
};
/// "lru", "lfu", "ttl".
std::string_view name(Eviction eviction);
std::optional<Eviction> eviction_named(std::string_view name);

struct MemoryRules {
  std::uint64_t budget_bytes = 0;  ///< that models may take together; 0: no limit
  std::size_t max_loaded = 0;      ///< models at once; 0: no limit
  Eviction eviction = Eviction::LeastRecent;

  bool operator==(const MemoryRules&) const = default;
};

/// A model that holds memory, or is just taking it.
struct Resident {
  std::string id;
  std::uint64_t bytes = 0;  ///< what it may take
  double idle_s = 0;        ///< since its last user went
  std::uint64_t uses = 0;
  std::optional<double> expires_s = {};  ///< until it is unloaded for being idle; none: never
  bool kept = false;                     ///< pinned or preloaded
  bool in_use = false;                   ///< somebody uses it, or it loads
  bool is_model = true;                  ///< counts among those that may be loaded at once
};

/// What a model that is to be loaded takes. Between the three lies the length of its context.
struct Newcomer {
  std::string id;
  std::uint64_t least_bytes = 0;  ///< with less it is refused
  std::uint64_t usual_bytes = 0;  ///< others leave for so much
  std::uint64_t most_bytes = 0;   ///< more is of no use
};

struct Room {
  std::vector<std::size_t> leaving;  ///< places among the residents
  std::uint64_t bytes = 0;           ///< for the newcomer, at least its least
};

/// The places of those who may leave, first to go first.
std::vector<std::size_t> eviction_order(std::span<const Resident> residents, Eviction eviction);

/// Makes room: for the usual need if that is possible, else for the least one, at the cost of as
/// few others as the order allows. Who is used or kept stays.
///
/// @returns Overloaded where waiting helps, OutOfMemory where it does not; both say what the model
///          needs, and what holds the memory.
Result<Room> plan_room(std::span<const Resident> residents, const Newcomer& newcomer,
                       const MemoryRules& rules);

}  // namespace hearth::services
