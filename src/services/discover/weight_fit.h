// Whether a model of the Hub may fit, judged by what a search tells: the bytes of its weights.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace hearth::services {

/// A rough judgement: keys and values are not known before the model's config is read (fit() in
/// library/memory_need.h knows them).
struct WeightFit {
  enum class Verdict {
    Fits,       ///< the weights leave a quarter of their own bytes, and half a gigabyte, free
    MayFit,     ///< the weights fit, how much context beside them is open
    DoesNotFit  ///< not even the weights do
  };
  Verdict verdict = Verdict::DoesNotFit;
  std::uint64_t weight_bytes = 0;
  std::uint64_t budget_bytes = 0;
};

WeightFit weight_fit(std::uint64_t weight_bytes, std::uint64_t budget_bytes);

/// "fits", "may_fit", "does_not_fit".
std::string_view name(WeightFit::Verdict verdict);
/// One sentence with the numbers.
std::string describe(const WeightFit& fit);
json::object to_json(const WeightFit& fit);

}  // namespace hearth::services
