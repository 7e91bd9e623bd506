// One pass over a row for each way to pick.
#include "engine/candidates.h"

#include <cmath>
#include <limits>

#include "engine/row_math.h"

namespace hearth::engine {

namespace {

/// A float that is not above `floor`.
float not_above(double floor) {
  const auto near = static_cast<float>(
      std::max(floor, static_cast<double>(std::numeric_limits<float>::lowest())));
  return near > floor ? std::nextafter(near, std::numeric_limits<float>::lowest()) : near;
}

/// Offers the tokens whose logit is finite and at least what `floor()` says, in order. It may rise.
template <class Floor, class Offer>
void offer_above(std::span<const float> logits, Floor floor, Offer offer) {
  for (std::size_t block = next_block(logits, 0, not_above(floor())); block < logits.size();
       block = next_block(logits, block + kRowBlock, not_above(floor()))) {
    const std::size_t end = std::min(block + kRowBlock, logits.size());
    for (std::size_t id = block; id < end; ++id)
      if (logits[id] >= floor() && std::isfinite(logits[id]))
        offer(Candidate{logits[id], static_cast<TokenId>(id)});
  }
}

}  // namespace

void collect_above(std::span<const float> logits, double floor,
                   std::vector<Candidate>& candidates) {
  offer_above(
      logits, [floor] { return floor; },
      [&](const Candidate& candidate) { candidates.push_back(candidate); });
}

// A heap whose top is the least likely of those kept.
void collect_best(std::span<const float> logits, double floor, std::size_t count,
                  std::vector<Candidate>& candidates) {
  offer_above(
      logits, [&floor] { return floor; },
      [&](const Candidate& candidate) {
        if (candidates.size() == count) {
          if (candidate.logit <= candidates.front().logit) return;
          std::ranges::pop_heap(candidates, more_likely);
          candidates.pop_back();
        }
        candidates.push_back(candidate);
        std::ranges::push_heap(candidates, more_likely);
        if (candidates.size() == count) floor = std::max<double>(floor, candidates.front().logit);
      });
}

}  // namespace hearth::engine
