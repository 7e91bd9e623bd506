// Arg-max, and the Gumbel-max draw from filtered candidates.
#include "engine/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/penalties.h"

namespace hearth::engine {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit moves every output bit.
constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

/// Random bits as a function of (seed, draw, token): no state, hence the same in any batch.
class Noise {
 public:
  Noise(std::uint64_t seed, std::uint64_t number)
      : key_(mixed(mixed(seed + kGolden) + kGolden * (number + 1))) {}
  std::uint64_t bits(TokenId id) const { return mixed(key_ + kGolden * (std::uint64_t{id} + 1)); }

 private:
  std::uint64_t key_;
};

/// Standard Gumbel noise from random bits: -log(-log(u)), u in (0, 1) with 52 bits.
double gumbel(std::uint64_t bits) {
  const double u = (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
  return -std::log(-std::log(u));
}

/// Whether noise from `bits` cannot make up for a score that lies `behind` the best. It would need
/// 1 - u < e^-behind; the leading ones of the bits bound 1 - u from below, without a logarithm.
bool hopeless(std::uint64_t bits, double behind) {
  const double halvings = std::min(behind * std::numbers::log2e, 64.0);
  return std::countl_one(bits) < static_cast<int>(halvings);
}

/// The candidate with the largest logit / temperature + noise: a draw from their softmax.
TokenId draw_from(std::span<const Candidate> candidates, double temperature, const Noise& noise) {
  const auto top = std::ranges::max_element(candidates, {}, &Candidate::logit);
  const auto score = [&](const Candidate& candidate) {
    return (static_cast<double>(candidate.logit) - top->logit) / temperature;
  };
  TokenId winner = top->id;
  double best = gumbel(noise.bits(top->id));
  for (const Candidate& candidate : candidates) {
    const std::uint64_t bits = noise.bits(candidate.id);
    if (hopeless(bits, best - score(candidate))) continue;
    const double total = score(candidate) + gumbel(bits);
    if (total > best) {
      best = total;
      winner = candidate.id;
    }
  }
  return winner;
}

void keep_finite(std::span<const float> row, std::vector<Candidate>& candidates) {
  candidates.clear();
  for (std::size_t id = 0; id < row.size(); ++id)
    if (std::isfinite(row[id])) candidates.push_back({row[id], static_cast<TokenId>(id)});
}

}  // namespace

Result<TokenId> Sampler::draw(std::span<const float> logits, const SamplingParams& params,
                              std::span<const TokenId> history, std::uint64_t number) {
  if (params.penalised()) {
    row_.assign(logits.begin(), logits.end());
    apply_penalties(row_, history, params);
    logits = row_;
  }
  const std::size_t top = arg_max(logits);
  if (!std::isfinite(logits[top]))
    return fail(
        ErrorCode::Internal,
        "the model computed no finite value for the next token; its weights may be damaged, "
        "or its number format too narrow: check the files, or try another conversion");
  if (params.greedy()) return static_cast<TokenId>(top);

  keep_finite(logits, candidates_);
  if (params.top_p < 1) keep_top_p(candidates_, params.top_p);
  if (params.min_p > 0) keep_min_p(candidates_, params.min_p);
  if (params.top_k > 0) keep_top_k(candidates_, static_cast<std::size_t>(params.top_k));
  return draw_from(candidates_, params.temperature, Noise(params.seed, number));
}

std::size_t arg_max(std::span<const float> row) {
  // Independent lanes, which the compiler turns into vector instructions.
  std::array<float, 16> lanes;
  lanes.fill(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + lanes.size() <= row.size(); i += lanes.size())
    for (std::size_t j = 0; j < lanes.size(); ++j)
      lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
  float best = std::ranges::max(lanes);
  for (; i < row.size(); ++i) best = std::max(best, row[i]);
  const auto found = std::ranges::find(row, best);
  return found == row.end() ? 0 : static_cast<std::size_t>(found - row.begin());
}

}  // namespace hearth::engine
