// Progress and a short table around convert::choose_recipe.
#include "cli/auto_bits.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <unistd.h>

#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/conversion_json.h"
#include "cli/text_table.h"
#include "convert/auto_recipe.h"

namespace hearth::cli {

namespace {

constexpr std::size_t kMatricesShown = 5;

std::string chosen_text(const convert::AutoRecipe& recipe) {
  std::map<int, std::pair<int, std::int64_t>> counts;  // bits: matrices, weights
  for (const convert::MatrixChoice& matrix : recipe.matrices) {
    ++counts[matrix.bits].first;
    counts[matrix.bits].second += matrix.weights;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [bits, count] : counts)
    rows.push_back({std::to_string(bits), std::to_string(count.first),
                    grouped(static_cast<std::uint64_t>(count.second))});
  return text_table({"bits>", "matrices>", "weights>"}, rows);
}

std::string sensitive_text(const convert::AutoRecipe& recipe) {
  std::vector<convert::MatrixChoice> matrices = recipe.matrices;
  std::ranges::stable_sort(matrices, [](const auto& a, const auto& b) {
    return a.measured * static_cast<double>(b.weights) >
           b.measured * static_cast<double>(a.weights);
  });
  std::string out = fmt::format("Most sensitive for their size (KL divergence with {} bits):\n",
                                recipe.probe_bits);
  for (std::size_t i = 0; i < std::min(kMatricesShown, matrices.size()); ++i)
    out += fmt::format("  {}  {:.5f}, gets {} bits\n", matrices[i].path, matrices[i].measured,
                       matrices[i].bits);
  return out;
}

}  // namespace

Result<json::object> choose_auto_bits(convert::Options& options, double target_bpw, bool quiet) {
  catch_interrupts();
  const bool shown = !quiet && ::isatty(STDOUT_FILENO) != 0;
  const auto recipe =
      convert::choose_recipe({.conversion = options, .target_bpw = target_bpw},
                             [shown](const convert::AutoProgress& progress) {
                               if (shown) {
                                 fmt::print("\r\x1b[2Kmeasuring {} of {}  {}", progress.done + 1,
                                            progress.all, progress.matrix);
                                 std::fflush(stdout);
                               }
                               return !interrupted();
                             });
  if (shown) fmt::print("\r\x1b[2K");
  if (!recipe) {
    if (recipe.error().code != ErrorCode::Cancelled) return fail(recipe.error());
    fmt::print(stderr, "Stopped. The same command goes on with what was not measured yet.\n");
    throw CLI::RuntimeError(kInterrupted);
  }
  options.layer_bits = recipe->bits;
  if (!quiet)
    fmt::print("{}{}Measured on {} tokens of the built-in text.\n\n", chosen_text(*recipe),
               sensitive_text(*recipe), recipe->tokens);
  return to_json(*recipe);
}

}  // namespace hearth::cli
