// Two passes over each row: exponentials once, and what follows from them.
#include "quality/divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hearth::quality {

namespace {

constexpr double kNinetyNine = 0.99;

/// A row less its normaliser is its log-probabilities.
struct Row {
  double log_sum = 0;  ///< log of the sum of all exponentials
  std::size_t likeliest = 0;
};

/// @param weights  where given: receives exp(logit - largest logit)
Row read_row(std::span<const float> logits, std::vector<float>* weights) {
  const auto top = std::ranges::max_element(logits);
  double sum = 0;
  if (weights) weights->resize(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float weight = std::exp(logits[i] - *top);
    sum += static_cast<double>(weight);
    if (weights) (*weights)[i] = weight;
  }
  return {.log_sum = static_cast<double>(*top) + std::log(sum),
          .likeliest = static_cast<std::size_t>(top - logits.begin())};
}

/// As numpy's: between two values in proportion.
double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + ((values[above] - values[below]) * (place - std::floor(place)));
}

}  // namespace

Result<void> Divergence::add(std::span<const float> reference, std::span<const float> other,
                             std::size_t token) {
  const Row expected = read_row(reference, &weights_);
  const Row found = read_row(other, nullptr);
  if (!std::isfinite(expected.log_sum) || !std::isfinite(found.log_sum))
    return fail(ErrorCode::CorruptData, "{} gives logits that are no numbers",
                std::isfinite(expected.log_sum) ? "the second model" : "the first model");
  double sum = 0;
  double difference = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto weight = static_cast<double>(weights_[i]);
    if (weight == 0) continue;  // minus infinity less itself is no number
    sum += weight;
    difference += weight * (static_cast<double>(reference[i]) - static_cast<double>(other[i]));
  }
  kl_.push_back((difference / sum) - (expected.log_sum - found.log_sum));
  if (expected.likeliest == found.likeliest) ++agreed_;
  reference_loss_ += expected.log_sum - static_cast<double>(reference[token]);
  loss_ += found.log_sum - static_cast<double>(other[token]);
  return {};
}

Distance Divergence::distance() const {
  Distance result{.tokens = static_cast<std::int64_t>(kl_.size())};
  if (kl_.empty()) return result;
  const auto count = static_cast<double>(kl_.size());
  for (const double kl : kl_) result.kl_mean += kl / count;
  result.kl_p99 = quantile(kl_, kNinetyNine);
  result.kl_max = *std::ranges::max_element(kl_);
  result.agreement = static_cast<double>(agreed_) / count;
  result.reference_perplexity = std::exp(reference_loss_ / count);
  result.perplexity = std::exp(loss_ / count);
  return result;
}

}  // namespace hearth::quality
