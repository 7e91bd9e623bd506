// Arg-max, and the Gumbel-max draw from filtered candidates.
#include "engine/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/filters.h"
#include "engine/logit_changes.h"
#include "engine/row_math.h"
#include "engine/sampler_chain.h"

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
  /// One more number of this draw, in [0, 1).
  double coin() const { return static_cast<double>(mixed(~key_) >> 11) * 0x1p-53; }

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
  const double halvings = std::clamp(behind * std::numbers::log2e, 0.0, 64.0);
  return std::countl_one(bits) < static_cast<int>(halvings);
}

/// Finds the token with the largest logit / temperature + noise: a draw from their softmax.
class Draw {
 public:
  /// @param top  the largest logit of all that will be offered
  Draw(const Noise& noise, float top, double temperature)
      : noise_(noise), top_(top), coldness_(std::min(1 / temperature, 1e30)) {}

  void offer(TokenId id, float logit) {
    const std::uint64_t bits = noise_.bits(id);
    const double score = (static_cast<double>(logit) - top_) * coldness_;
    if (hopeless(bits, best_ - score)) return;
    const double total = score + gumbel(bits);
    if (total > best_) {
      best_ = total;
      winner_ = id;
    }
  }
  TokenId winner() const { return winner_; }

 private:
  Noise noise_;
  double top_;
  double coldness_;
  double best_ = std::numeric_limits<double>::lowest();
  TokenId winner_ = 0;
};

Error nothing_to_draw(std::span<const float> logits) {
  if (std::isfinite(highest(logits)))
    return {.code = ErrorCode::InvalidArgument,
            .message =
                "logit_bias, or min_tokens with the end tokens, leaves no token that may "
                "come next; allow at least one",
            .param = "logit_bias"};
  return {.code = ErrorCode::Internal,
          .message =
              "the model computed no finite value for the next token; its weights may be "
              "damaged, or its number format too narrow: check the files, or try another "
              "conversion"};
}

}  // namespace

Result<TokenId> Sampler::draw(std::span<const float> logits, const SamplingParams& params,
                              std::span<const TokenId> history, std::uint64_t number) {
  seen_ = logits;
  if (changes_logits(params, number)) {
    row_.assign(logits.begin(), logits.end());
    change_logits(row_, history, params, number);
    seen_ = row_;
  }
  const float top = highest(seen_);
  if (!std::isfinite(top)) return fail(nothing_to_draw(logits));
  const auto likeliest = static_cast<TokenId>(place_of(seen_, top));
  if (params.greedy()) return likeliest;

  const Noise noise(params.seed, number);
  if (params.unfiltered()) {
    Draw draw(noise, top, params.temperature);
    draw.offer(likeliest, top);  // a good start makes most others hopeless at once
    for (std::size_t id = 0; id < seen_.size(); ++id)
      if (std::isfinite(seen_[id])) draw.offer(static_cast<TokenId>(id), seen_[id]);
    return draw.winner();
  }
  const bool xtc = noise.coin() < params.xtc_probability;
  const double temperature = narrow(seen_, params, xtc, candidates_);
  Draw draw(noise, highest(candidates_), temperature);
  for (const Candidate& candidate : candidates_) draw.offer(candidate.id, candidate.logit);
  return draw.winner();
}

}  // namespace hearth::engine
