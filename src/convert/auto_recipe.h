// The recipe "auto": bits for each matrix by what fewer of them do to the model's answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "convert/options.h"

namespace hearth::convert {

/// What was found out about one matrix, and what was chosen for it.
struct MatrixChoice {
  std::string path;
  std::int64_t weights = 0;
  double measured = 0;  ///< KL divergence when this matrix alone has `probe_bits`
  int bits = 0;
};

struct AutoRecipe {
  std::map<std::string, int> bits;  ///< for Options::layer_bits
  double bits_per_weight = 0;       ///< of the whole model
  double expected_kl = 0;           ///< from the 8-bit model: the sum over all matrices
  int probe_bits = 0;
  std::int64_t tokens = 0;  ///< of the text that was read each time
  std::vector<MatrixChoice> matrices;
};

struct AutoOptions {
  Options conversion;       ///< source, target, group, dtype; its bits and recipe do not matter
  double target_bpw = 4.5;  ///< bits per weight of the whole model, scales and plain weights too
  int tokens = 0;           ///< of the built-in text; 0: 768, or fewer for large vocabularies
};

struct AutoProgress {
  std::size_t done = 0;  ///< matrices
  std::size_t all = 0;
  std::string matrix;  ///< at hand
};

/// Measures and chooses. A copy of the model in 8 bits is written beside the target; each matrix in
/// turn gets 3 bits there, and the divergence of the next-token distributions on the built-in text
/// is taken. Divergences for other numbers of bits follow from the matrices' rounding errors. The
/// copy goes in the end; what was measured stays, so that an interrupted run goes on and an equal
/// one is quick, until forget_measurements().
///
/// Memory: the model in 8 bits. Time: for each matrix loading it and reading the tokens.
/// Deterministic on one machine.
/// @param go_on  told before each matrix; false stops with Cancelled
/// @returns      InvalidArgument for a target that cannot be reached, with those that can; what
///               reading, writing and loading return.
Result<AutoRecipe> choose_recipe(const AutoOptions& options,
                                 const std::function<bool(const AutoProgress&)>& go_on);

/// Removes what choose_recipe left beside the target.
void forget_measurements(const std::filesystem::path& target);

}  // namespace hearth::convert
