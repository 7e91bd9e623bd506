// Has every matrix measured, then spends the bytes.
#include "convert/auto_recipe.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "convert/bit_choice.h"
#include "convert/sensitivity.h"
#include "convert/stamps.h"
#include "convert/target_folder.h"
#include "convert/trial_model.h"
#include "quality/token_windows.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr double kBitsInByte = 8.0;
const std::vector<int> kBits{2, 3, 4, 5, 6, 8};

fs::path place_beside(const fs::path& target) {
  const fs::path hidden = TargetFolder::hidden_place(target);
  return hidden.parent_path() / (hidden.stem().string() + ".measuring");
}

class Choosing {
 public:
  Choosing(const AutoOptions& options, const std::function<bool(const AutoProgress&)>& go_on)
      : options_(options), go_on_(go_on), folder_(place_beside(options.conversion.target)) {}

  Result<AutoRecipe> run() {
    const Options& wish = options_.conversion;
    TRY(TargetFolder::check(wish.source, wish.target, wish.force));
    TrialModel trial = TRY(TrialModel::plan(options_.conversion, folder_ / "copy"));
    TRY(check_target(trial));
    const auto windows = TRY(probe_windows(options_, trial.config()));
    result_.tokens = windows.tokens;
    result_.probe_bits = kProbeBits;
    TRY(trial.write());
    auto measured = measure_sensitivity(trial, {options_, windows, folder_}, go_on_);
    Result<Errors> errors = measured ? rounding_errors(trial) : Result<Errors>(Errors());
    std::error_code ignored;
    fs::remove_all(folder_ / "copy", ignored);
    if (!measured) return fail(measured.error());
    if (!errors) return fail(errors.error());
    choose(trial, *measured, *errors);
    return std::move(result_);
  }

 private:
  using Errors = std::vector<std::map<int, double>>;

  static double bits_per_weight(const TrialModel& trial, std::uint64_t bytes) {
    return static_cast<double>(bytes) * kBitsInByte / static_cast<double>(trial.parameters());
  }

  std::uint64_t budget(const TrialModel& trial) const {
    return static_cast<std::uint64_t>(options_.target_bpw *
                                      static_cast<double>(trial.parameters()) / kBitsInByte);
  }

  Result<void> check_target(const TrialModel& trial) const {
    std::uint64_t least = trial.fixed_bytes();
    std::uint64_t most = least;
    for (const std::size_t weight : trial.candidates()) {
      least += trial.bytes(weight, kBits.front());
      most += trial.bytes(weight, kBits.back());
    }
    const double high = bits_per_weight(trial, most);
    if (options_.target_bpw > 0 && options_.target_bpw <= high && budget(trial) >= least) return {};
    return fail(ErrorCode::InvalidArgument,
                "--target-bpw {} cannot be reached: this model takes {:.3f} to {:.3f} bits per "
                "weight, scales and what stays plain included",
                options_.target_bpw, bits_per_weight(trial, least), high);
  }

  static Result<Errors> rounding_errors(const TrialModel& trial) {
    Errors errors;
    for (const std::size_t weight : trial.candidates())
      errors.push_back(TRY(trial.rounding_errors(weight, kBits)));
    return errors;
  }

  /// A divergence grows with the square of what is wrong in the weights.
  static double loss(double measured, const std::map<int, double>& errors, int bits) {
    if (bits == kBits.back()) return 0;
    const double probe = errors.at(kProbeBits);
    return probe > 0 ? std::max(0.0, measured) * errors.at(bits) / probe : 0;
  }

  void choose(const TrialModel& trial, const std::vector<double>& measured, const Errors& errors) {
    const std::uint64_t room = budget(trial) - trial.fixed_bytes();
    std::vector<int> chosen;
    // 2 bits are worse than what 3 bits let expect, so they come only where 3 are too many.
    for (const int least : {kProbeBits, kBits.front()}) {
      std::vector<std::vector<BitOption>> options;
      for (std::size_t i = 0; i < trial.candidates().size(); ++i) {
        options.emplace_back();
        for (const int bits : kBits)
          if (bits >= least)
            options.back().push_back({.bits = bits,
                                      .bytes = trial.bytes(trial.candidates()[i], bits),
                                      .loss = loss(measured[i], errors[i], bits)});
      }
      chosen = choose_bits(options, room);
      if (!chosen.empty()) break;
    }
    std::uint64_t bytes = trial.fixed_bytes();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::size_t weight = trial.candidates()[i];
      const Weight& matrix = trial.weights()[weight];
      bytes += trial.bytes(weight, chosen[i]);
      result_.bits[matrix.path()] = chosen[i];
      result_.expected_kl += loss(measured[i], errors[i], chosen[i]);
      result_.matrices.push_back({.path = matrix.path(),
                                  .weights = matrix.elements(),
                                  .measured = measured[i],
                                  .bits = chosen[i]});
    }
    result_.bits_per_weight = bits_per_weight(trial, bytes);
  }

  const AutoOptions& options_;
  const std::function<bool(const AutoProgress&)>& go_on_;
  fs::path folder_;
  AutoRecipe result_;
};

}  // namespace

Result<AutoRecipe> choose_recipe(const AutoOptions& options,
                                 const std::function<bool(const AutoProgress&)>& go_on) {
  const std::string doing = fmt::format("choose bits for {}", name_of(options.conversion.source));
  try {
    return TRY_IN(doing, Choosing(options, go_on).run());
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing, error.what());
  }
}

void forget_measurements(const fs::path& target) {
  std::error_code ignored;
  fs::remove_all(place_beside(target), ignored);
}

}  // namespace hearth::convert
