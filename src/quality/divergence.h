// How far are a model's next-token distributions from another's?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace hearth::quality {

/// Over all tokens that were compared.
struct Distance {
  std::int64_t tokens = 0;
  double kl_mean = 0;  ///< Kullback-Leibler divergence from the reference, in nats
  double kl_p99 = 0;   ///< 99 of 100 tokens have less
  double kl_max = 0;
  double agreement = 1;  ///< share of tokens for which both find the same one likeliest
  double reference_perplexity = 0;
  double perplexity = 0;
};

/// Adds up row by row, in double precision. Thread: one.
class Divergence {
 public:
  /// @param reference  [V] logits, as are `other`; minus infinity is allowed
  /// @param token      that came, in [0, V)
  /// @returns CorruptData where a row holds no numbers; nothing is added then.
  Result<void> add(std::span<const float> reference, std::span<const float> other,
                   std::size_t token);

  Distance distance() const;

 private:
  std::vector<double> kl_;      // by token
  std::vector<float> weights_;  // of one row: room that is used again
  std::int64_t agreed_ = 0;
  double reference_loss_ = 0;  // sums of -log p(token)
  double loss_ = 0;
};

}  // namespace hearth::quality
