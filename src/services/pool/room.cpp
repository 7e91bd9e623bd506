// The arithmetic of eviction.
#include "services/pool/room.h"

#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <limits>
#include <tuple>
#include <utility>

#include "services/memory_text.h"

namespace hearth::services {
namespace {

constexpr auto kNames =
    std::to_array<std::pair<std::string_view, Eviction>>({{"lru", Eviction::LeastRecent},
                                                          {"lfu", Eviction::LeastFrequent},
                                                          {"ttl", Eviction::SoonestToExpire}});

constexpr auto kNever = std::numeric_limits<double>::infinity();

bool may_leave(const Resident& resident) {
  return !resident.kept && !resident.in_use;
}

/// Smaller goes first.
std::tuple<double, double> rank(const Resident& resident, Eviction eviction) {
  switch (eviction) {
    case Eviction::LeastFrequent:
      return {static_cast<double>(resident.uses), -resident.idle_s};
    case Eviction::SoonestToExpire:
      return {resident.expires_s.value_or(kNever), -resident.idle_s};
    case Eviction::LeastRecent:
      break;
  }
  return {-resident.idle_s, 0};
}

/// What is held while some have left.
struct Held {
  std::uint64_t bytes = 0;
  std::size_t models = 0;

  void add(const Resident& resident) {
    bytes += resident.bytes;
    models += resident.is_model ? 1 : 0;
  }
  void take(const Resident& resident) {
    bytes -= resident.bytes;
    models -= resident.is_model ? 1 : 0;
  }
  bool takes(std::uint64_t more, const MemoryRules& rules) const {
    const bool counts = rules.max_loaded == 0 || models < rules.max_loaded;
    const bool fits = rules.budget_bytes == 0 ||
                      (more <= rules.budget_bytes && bytes <= rules.budget_bytes - more);
    return counts && fits;
  }
};

std::string why_it_stays(const Resident& resident) {
  return fmt::format("{} ({}{})", resident.id,
                     resident.bytes > 0 ? memory_text(resident.bytes) + ", " : "",
                     resident.in_use ? "in use" : "pinned");
}

std::unexpected<Error> refuse(std::span<const Resident> residents, const Newcomer& newcomer,
                              const MemoryRules& rules) {
  std::vector<std::string> staying;
  std::size_t models = 0;
  bool wait = false;
  for (const Resident& resident : residents)
    if (!may_leave(resident)) {
      staying.push_back(why_it_stays(resident));
      models += resident.is_model ? 1 : 0;
      wait |= resident.in_use && !resident.kept;
    }
  const std::string held = fmt::format("{}", fmt::join(staying, ", "));
  Error error;
  error.code = wait ? ErrorCode::Overloaded : ErrorCode::OutOfMemory;
  if (wait) error.retry_after = std::chrono::seconds(5);
  const std::string_view first = wait ? "try again soon" : "unpin or unload one of them";
  if (rules.max_loaded > 0 && models >= rules.max_loaded)
    error.message = fmt::format(
        "no place for {}: {} may be loaded at once, and nothing can be unloaded: {}; {}, or raise "
        "pool.max_loaded",
        newcomer.id,
        rules.max_loaded == 1 ? "one model" : fmt::format("{} models", rules.max_loaded), held,
        first);
  else
    error.message = fmt::format(
        "no memory for {}: it needs {} of the {} that models may take, and nothing else can be "
        "unloaded: {}; {}, or raise pool.memory",
        newcomer.id, memory_text(newcomer.least_bytes), memory_text(rules.budget_bytes), held,
        first);
  return fail(std::move(error));
}

std::unexpected<Error> too_large(const Newcomer& newcomer, const MemoryRules& rules) {
  return fail(ErrorCode::OutOfMemory,
              "{} does not fit: it needs {}, and models may take {} here; choose a smaller or more "
              "quantised model, a shorter --context-length or --kv-cache 8-bit, or raise "
              "pool.memory",
              newcomer.id, memory_text(newcomer.least_bytes), memory_text(rules.budget_bytes));
}

}  // namespace

std::string_view name(Eviction eviction) {
  for (const auto& [text, value] : kNames)
    if (value == eviction) return text;
  return "lru";
}

std::optional<Eviction> eviction_named(std::string_view name) {
  for (const auto& [text, value] : kNames)
    if (text == name) return value;
  return std::nullopt;
}

std::vector<std::size_t> eviction_order(std::span<const Resident> residents, Eviction eviction) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < residents.size(); ++i)
    if (may_leave(residents[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(rank(residents[a], eviction), a) < std::pair(rank(residents[b], eviction), b);
  });
  return order;
}

Result<Room> plan_room(std::span<const Resident> residents, const Newcomer& newcomer,
                       const MemoryRules& rules) {
  const auto order = eviction_order(residents, rules.eviction);
  Held held, staying;
  for (const Resident& resident : residents) {
    held.add(resident);
    if (!may_leave(resident)) staying.add(resident);
  }
  const std::uint64_t least = newcomer.least_bytes;
  const std::uint64_t usual = std::max(newcomer.usual_bytes, least);
  const std::uint64_t wanted = staying.takes(usual, rules) ? usual : least;
  if (rules.budget_bytes > 0 && least > rules.budget_bytes) return too_large(newcomer, rules);
  if (!staying.takes(wanted, rules)) return refuse(residents, newcomer, rules);

  Room room;
  for (auto next = order.begin(); !held.takes(wanted, rules); ++next) {
    held.take(residents[*next]);
    room.leaving.push_back(*next);
  }
  // Somebody small may have gone before the one whose place was enough: the last to go first.
  for (std::size_t i = room.leaving.size(); i-- > 0;) {
    Held with = held;
    with.add(residents[room.leaving[i]]);
    if (!with.takes(wanted, rules)) continue;
    held = with;
    room.leaving.erase(room.leaving.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const std::uint64_t most = std::max(newcomer.most_bytes, wanted);
  room.bytes = rules.budget_bytes == 0 ? most : std::min(most, rules.budget_bytes - held.bytes);
  return room;
}

}  // namespace hearth::services
