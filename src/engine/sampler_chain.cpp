// Each step on the row as long as nothing was left out, then on what is left.
#include "engine/sampler_chain.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/filters.h"
#include "engine/row_math.h"

namespace hearth::engine {
namespace {

/// The candidates' probabilities, not normalised.
struct Spread {
  float top = 0;
  double total = 0;          ///< sum of e^(logit - top)
  double mean_surprise = 0;  ///< their entropy in nats

  double weight(const Candidate& candidate) const { return exp_of(candidate.logit - top); }
};

Spread spread_of(const std::vector<Candidate>& candidates) {
  Spread spread{.top = highest(candidates)};
  double weighted = 0;
  for (const Candidate& candidate : candidates) {
    const float below = candidate.logit - spread.top;
    const float weight = exp_of(below);
    spread.total += weight;
    weighted += weight * below;
  }
  spread.mean_surprise = std::log(spread.total) - weighted / spread.total;
  return spread;
}

/// Locally typical sampling (Meister et al. 2023): first those whose surprise is nearest to the
/// mean. Few are near it, so they are looked for in ever wider circles before anything is ranked.
void keep_typical(std::vector<Candidate>& candidates, double typical_p) {
  const Spread spread = spread_of(candidates);
  const double typical = spread.top + std::log(spread.total) - spread.mean_surprise;
  const auto distance = [typical](const Candidate& candidate) {
    return std::abs(typical - candidate.logit);
  };
  const double needed = typical_p * spread.total;
  for (double circle = 1; circle < 64; circle *= 2) {
    double within = 0;
    for (const Candidate& candidate : candidates)
      if (distance(candidate) <= circle) within += spread.weight(candidate);
    if (within < needed) continue;
    std::erase_if(candidates, [&](const auto& candidate) { return distance(candidate) > circle; });
    break;
  }
  keep_head(
      candidates, needed,
      [&](const Candidate& a, const Candidate& b) {
        const double first = distance(a);
        const double second = distance(b);
        return first != second ? first < second : a.id < b.id;
      },
      [&](const Candidate& candidate) { return spread.weight(candidate); });
}

/// Where a logit stands out (Tang et al. 2024): those of noise are spread evenly, so what lies near
/// the top, in their standard deviations, is meant.
double floor_near_top(std::span<const float> logits, double sigmas) {
  double sum = 0;
  double squares = 0;
  std::size_t count = 0;
  const float top = highest(logits);
  for (const float logit : logits) {
    if (!std::isfinite(logit)) continue;
    const double below = static_cast<double>(logit) - top;
    sum += below;
    squares += below * below;
    ++count;
  }
  const double mean = sum / static_cast<double>(count);
  const double variance = squares / static_cast<double>(count) - mean * mean;
  return top - sigmas * std::sqrt(std::max(variance, 0.0));
}

double floor_near_top(const std::vector<Candidate>& candidates, double sigmas) {
  std::vector<float> logits;
  logits.reserve(candidates.size());
  for (const Candidate& candidate : candidates) logits.push_back(candidate.logit);
  return floor_near_top(std::span<const float>(logits), sigmas);
}

/// Exclude top choices: of the tokens above the threshold only the least likely stays, and those
/// that no reply can do without.
void leave_out_top(std::vector<Candidate>& candidates, const SamplingParams& params) {
  const Spread spread = spread_of(candidates);
  const double border = params.xtc_threshold * spread.total;
  float last = std::numeric_limits<float>::infinity();
  for (const Candidate& candidate : candidates)
    if (spread.weight(candidate) > border) last = std::min(last, candidate.logit);
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.logit > last && !std::ranges::binary_search(params.xtc_keeps, candidate.id);
  });
}

/// What a row's steps have left so far.
class Narrowing {
 public:
  Narrowing(std::span<const float> logits, const SamplingParams& params,
            std::vector<Candidate>& candidates)
      : logits_(logits), params_(params), candidates_(candidates) {
    candidates_.clear();
  }

  void apply(SamplerStep step, bool xtc) {
    const auto top_k = static_cast<std::size_t>(params_.top_k);
    if (step == SamplerStep::TopP && params_.top_p < 1) {
      if (select({.top_p = params_.top_p})) keep_top_p(candidates_, params_.top_p);
    } else if (step == SamplerStep::MinP && params_.min_p > 0) {
      if (select({.min_p = params_.min_p})) keep_min_p(candidates_, params_.min_p);
    } else if (step == SamplerStep::TopK && top_k > 0) {
      if (select({.top_k = top_k})) keep_top_k(candidates_, top_k);
    } else if (step == SamplerStep::TypicalP && params_.typical_p < 1) {
      keep_typical(all(), params_.typical_p);
    } else if (step == SamplerStep::TopNSigma && params_.top_n_sigma > 0) {
      keep_near_top(params_.top_n_sigma);
    } else if (step == SamplerStep::Xtc && xtc) {
      leave_out_top(all(), params_);
    }
  }

  /// Divides all logits; they stand below 0 then.
  void temper(double temperature) {
    const double coldness = std::min(1 / temperature, 1e30);
    const float top = highest(all());
    for (Candidate& candidate : candidates_)
      candidate.logit = static_cast<float>(
          std::max((static_cast<double>(candidate.logit) - top) * coldness, -1e30));
  }

  std::vector<Candidate>& all() {
    select({});
    return candidates_;
  }

 private:
  /// Where nothing was left out yet, takes from the row what passes. @returns whether there was.
  bool select(const Filters& filters) {
    if (!candidates_.empty()) return true;
    select_candidates(logits_, filters, candidates_);
    return false;
  }

  void keep_near_top(double sigmas) {
    if (candidates_.empty())
      return collect_above(logits_, floor_near_top(logits_, sigmas), candidates_);
    const double floor = floor_near_top(candidates_, sigmas);
    std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.logit < floor; });
  }

  std::span<const float> logits_;
  const SamplingParams& params_;
  std::vector<Candidate>& candidates_;
};

}  // namespace

double narrow(std::span<const float> logits, const SamplingParams& params, bool xtc,
              std::vector<Candidate>& candidates) {
  if (params.plainly_filtered()) {
    select_candidates(logits, {params.top_p, params.min_p, static_cast<std::size_t>(params.top_k)},
                      candidates);
    return params.temperature;
  }
  Narrowing narrowing(logits, params, candidates);
  double temperature = 1;
  const auto steps = params.steps();
  for (const SamplerStep& step : steps) {
    if (step != SamplerStep::Temperature) {
      narrowing.apply(step, xtc);
    } else if (&step == &steps.back()) {
      temperature = params.temperature;
    } else {
      narrowing.temper(params.temperature);
    }
  }
  narrowing.all();
  return temperature;
}

}  // namespace hearth::engine
