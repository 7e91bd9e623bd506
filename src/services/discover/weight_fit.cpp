// Weights against memory.
#include "services/discover/weight_fit.h"

#include <fmt/format.h>

#include "services/library/memory_need.h"
#include "services/memory_text.h"

namespace hearth::services {
namespace {

constexpr std::uint64_t kEaseBytes = std::uint64_t{512} << 20;

}  // namespace

WeightFit weight_fit(std::uint64_t weight_bytes, std::uint64_t budget_bytes) {
  WeightFit fit{.weight_bytes = weight_bytes, .budget_bytes = budget_bytes};
  if (weight_bytes + weight_bytes / 4 + kEaseBytes <= budget_bytes)
    fit.verdict = WeightFit::Verdict::Fits;
  else if (weight_bytes + kWorkerProcessBytes <= budget_bytes)
    fit.verdict = WeightFit::Verdict::MayFit;
  return fit;
}

std::string_view name(WeightFit::Verdict verdict) {
  switch (verdict) {
    case WeightFit::Verdict::Fits:
      return "fits";
    case WeightFit::Verdict::MayFit:
      return "may_fit";
    case WeightFit::Verdict::DoesNotFit:
      break;
  }
  return "does_not_fit";
}

std::string describe(const WeightFit& fit) {
  const auto have = memory_text(fit.budget_bytes);
  const auto need = memory_text(fit.weight_bytes);
  switch (fit.verdict) {
    case WeightFit::Verdict::Fits:
      return fmt::format("fits: {} of weights, and {} may be used here", need, have);
    case WeightFit::Verdict::MayFit:
      return fmt::format("may fit with a shorter context: {} of weights, and {} may be used here",
                         need, have);
    case WeightFit::Verdict::DoesNotFit:
      break;
  }
  return fmt::format("does not fit: {} of weights, and {} may be used here", need, have);
}

json::object to_json(const WeightFit& fit) {
  return {{"verdict", name(fit.verdict)},
          {"text", describe(fit)},
          {"weight_bytes", fit.weight_bytes},
          {"budget_bytes", fit.budget_bytes}};
}

}  // namespace hearth::services
