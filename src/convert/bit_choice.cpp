// Greedy, by gain per byte.
#include "convert/bit_choice.h"

#include <optional>

namespace hearth::convert {

namespace {

struct Step {
  std::size_t matrix = 0;
  std::size_t option = 0;
  std::uint64_t bytes = 0;
  double gain = 0;  ///< per byte
};

/// The best step that one matrix can take from where it stands.
std::optional<Step> best_step(const std::vector<BitOption>& options, std::size_t at,
                              std::uint64_t room) {
  std::optional<Step> best;
  for (std::size_t next = at + 1; next < options.size(); ++next) {
    const std::uint64_t bytes = options[next].bytes - options[at].bytes;
    const double gained = options[at].loss - options[next].loss;
    if (bytes == 0 || bytes > room || gained <= 0) continue;
    const double gain = gained / static_cast<double>(bytes);
    if (!best || gain > best->gain) best = Step{0, next, bytes, gain};
  }
  return best;
}

}  // namespace

std::vector<int> choose_bits(std::span<const std::vector<BitOption>> options,
                             std::uint64_t budget_bytes) {
  std::vector<std::size_t> chosen(options.size(), 0);
  std::uint64_t used = 0;
  for (const auto& matrix : options) used += matrix.front().bytes;
  if (used > budget_bytes) return {};
  while (true) {
    std::optional<Step> best;
    for (std::size_t i = 0; i < options.size(); ++i) {
      auto step = best_step(options[i], chosen[i], budget_bytes - used);
      if (!step || (best && step->gain <= best->gain)) continue;
      step->matrix = i;
      best = step;
    }
    if (!best) break;
    chosen[best->matrix] = best->option;
    used += best->bytes;
  }
  std::vector<int> bits;
  bits.reserve(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) bits.push_back(options[i][chosen[i]].bits);
  return bits;
}

}  // namespace hearth::convert
