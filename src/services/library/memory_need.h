// What a model needs in memory, from its configuration.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace hearth::services {

inline constexpr std::uint64_t kKvElementBytes = 2;  ///< a key or value in 16 bits
/// What a worker takes for itself, without a model.
inline constexpr std::uint64_t kWorkerProcessBytes = std::uint64_t{200} << 20;

struct MemoryNeed {
  std::uint64_t weight_bytes = 0;
  std::uint64_t kv_bytes_per_token = 0;  ///< of layers that see everything, in 16 bits
  std::uint64_t kv_window_bytes = 0;     ///< at most, of layers with a sliding window
  std::uint64_t workspace_bytes = 0;     ///< an estimate: a step's numbers and the process itself
  std::uint32_t context_length = 0;      ///< the model's own

  std::uint64_t with(std::uint64_t tokens) const {
    return weight_bytes + kv_bytes_per_token * tokens + kv_window_bytes + workspace_bytes;
  }
};

/// The language model's part of a config.json.
const json::object& text_config(const json::object& config);

/// All but the weights. What the config does not say counts as nothing. Layer kinds that are not
/// said count as full attention, so keys and values are at most what this says.
MemoryNeed memory_need(const json::object& config);

/// Whether a model runs within some memory.
struct Fit {
  enum class Verdict { Fits, FitsShorter, FitsPacked, DoesNotFit };
  Verdict verdict = Verdict::DoesNotFit;
  std::uint64_t need_bytes = 0;      ///< with its whole context
  std::uint64_t budget_bytes = 0;    ///< that there is
  std::uint32_t context = 0;         ///< tokens that fit with keys and values in 16 bits
  std::uint32_t packed_context = 0;  ///< the same in 8 bits
};

/// FitsPacked: the whole context fits once keys and values take 8 bits. FitsShorter: less than
/// that, but a usable context. Without a known context 4,096 tokens are looked at.
Fit fit(const MemoryNeed& need, std::uint64_t budget_bytes);

/// "fits", "fits_shorter", "fits_packed", "does_not_fit".
std::string_view name(Fit::Verdict verdict);

/// One sentence with the numbers.
std::string describe(const Fit& fit);

}  // namespace hearth::services
