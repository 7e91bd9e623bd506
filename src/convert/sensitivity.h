// What fewer bits in one matrix do to the model's answers.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "convert/auto_recipe.h"
#include "convert/trial_model.h"

namespace hearth::quality {
struct TokenWindows;
}

namespace hearth::convert {

/// That a matrix has while it is measured.
inline constexpr int kProbeBits = 3;

/// The beginning of the built-in text, as long as was asked for and as the logits of the reference
/// leave room in memory. @returns what the tokenizer returns.
Result<quality::TokenWindows> probe_windows(const AutoOptions& options,
                                            const models::Config& config);

/// What is measured with, and where it is remembered.
struct Probe {
  const AutoOptions& options;
  const quality::TokenWindows& windows;
  std::filesystem::path folder;  ///< divergences of an interrupted run lie here
};

/// By candidate of the trial: the mean divergence of next-token distributions from the 8-bit copy's
/// when it alone has kProbeBits. What an earlier run measured of the same is not measured again.
///
/// @param go_on  told before each matrix; false stops with Cancelled
Result<std::vector<double>> measure_sensitivity(
    TrialModel& trial, const Probe& probe, const std::function<bool(const AutoProgress&)>& go_on);

}  // namespace hearth::convert
