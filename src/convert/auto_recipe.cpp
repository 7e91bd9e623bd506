// Probes every matrix, then spends the bytes.
#include "convert/auto_recipe.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "base/sha256.h"
#include "convert/bit_choice.h"
#include "convert/model_files.h"
#include "convert/shard_file.h"
#include "convert/target_folder.h"
#include "convert/trial_model.h"
#include "quality/built_in_text.h"
#include "quality/divergence.h"
#include "quality/logit_rows.h"
#include "quality/token_windows.h"
#include "text/tokenizer.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr int kProbeBits = 3;
constexpr int kTokens = 768;
constexpr std::int64_t kLeastTokens = 64;
constexpr std::int64_t kLogitBytes = std::int64_t{256} << 20;  // of the reference, held in memory
constexpr int kWindow = 256;
constexpr double kBitsInByte = 8.0;
const std::vector<int> kBits{2, 3, 4, 5, 6, 8};
constexpr const char* kFile = "sensitivity.json";

fs::path place_beside(const fs::path& target) {
  const fs::path hidden = TargetFolder::hidden_place(target);
  return hidden.parent_path() / (hidden.stem().string() + ".measuring");
}

/// Divergences that an earlier run measured, by path; empty where it was another model or text.
class Memory {
 public:
  Memory(fs::path folder, std::string fingerprint)
      : folder_(std::move(folder)), fingerprint_(std::move(fingerprint)) {
    const auto stored = read_json_object(folder_ / kFile);
    if (!stored) return;
    const json::value* about = stored->if_contains("measured");
    const json::value* whose = stored->if_contains("fingerprint");
    if (!about || !about->is_object() || !whose || *whose != json::value(fingerprint_)) return;
    found_ = about->get_object();
  }

  std::optional<double> find(const std::string& path) const {
    const json::value* value = found_.if_contains(path);
    if (!value || !value->is_string()) return {};
    const json::string& text = value->get_string();
    double divergence = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), divergence);
    return read.ec == std::errc() ? std::optional(divergence) : std::nullopt;
  }

  /// As text, which gives back the same number to the last bit.
  Result<void> add(const std::string& path, double divergence) {
    found_[path] = fmt::format("{}", divergence);
    return write_whole(folder_ / kFile, json::serialize(json::object{{"fingerprint", fingerprint_},
                                                                     {"measured", found_}}));
  }

 private:
  fs::path folder_;
  std::string fingerprint_;
  json::object found_;
};

/// What the divergences depend on.
std::string fingerprint(const AutoOptions& options, const quality::TokenWindows& windows) {
  base::Sha256 hash;
  const Options& wish = options.conversion;
  hash.add(fmt::format("1 {} {} {} {} {}", wish.source.string(), wish.adapter.string(), wish.group,
                       wish.dtype, kProbeBits));
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::path& folder : {wish.source, wish.adapter})
    for (const auto& item : fs::directory_iterator(folder, error))
      files.push_back(fmt::format("{} {}", item.path().filename().string(),
                                  item.last_write_time(error).time_since_epoch().count()));
  std::ranges::sort(files);
  for (const std::string& file : files) hash.add(file);
  for (const auto& window : windows.windows)
    for (const std::int32_t id : window) hash.add(fmt::format(" {}", id));
  return hash.hex();
}

/// The text's logits by the 8-bit model, and how far another one's are from them.
class Yardstick {
 public:
  explicit Yardstick(const quality::TokenWindows& windows) : windows_(windows) {}

  Result<void> read_reference(const models::Model& model) {
    reference_.clear();
    quality::ComputedRows rows(model, kWindow);
    for (const auto& window : windows_.windows) {
      const auto logits = TRY(rows.next({.ids = window, .first = true}));
      reference_.emplace_back(logits.begin(), logits.end());
    }
    return {};
  }

  Result<double> distance(const models::Model& model) const {
    const auto vocabulary = static_cast<std::size_t>(model.facts().vocab_size);
    quality::ComputedRows rows(model, kWindow);
    quality::Divergence sum;
    for (std::size_t w = 0; w < windows_.windows.size(); ++w) {
      const auto& window = windows_.windows[w];
      const auto found = TRY(rows.next({.ids = window, .first = true}));
      for (std::size_t i = 0; i + 1 < window.size(); ++i)
        TRY(sum.add(std::span(reference_[w]).subspan(i * vocabulary, vocabulary),
                    found.subspan(i * vocabulary, vocabulary),
                    static_cast<std::size_t>(window[i + 1])));
    }
    return sum.distance().kl_mean;
  }

 private:
  const quality::TokenWindows& windows_;
  std::vector<std::vector<float>> reference_;  // by window, [ids, V]
};

Result<quality::TokenWindows> text_windows(const AutoOptions& options, int vocabulary) {
  const auto tokenizer = TRY(text::Tokenizer::load(options.conversion.source));
  const std::int64_t row = static_cast<std::int64_t>(vocabulary) * sizeof(float);
  const auto room = std::max(kLeastTokens, kLogitBytes / std::max<std::int64_t>(1, row));
  const int wanted = options.tokens > 0 ? options.tokens : kTokens;
  return quality::cut_into_windows(
      *tokenizer, quality::built_in_text(),
      {.tokens = static_cast<int>(std::min<std::int64_t>(wanted, room)), .window = kWindow});
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
    const auto windows = TRY(text_windows(options_, trial.config().vocab_size));
    result_.tokens = windows.tokens;
    result_.probe_bits = kProbeBits;
    TRY(trial.write());
    auto measured = measure(trial, windows);
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

  /// By candidate: the divergence when it alone has few bits.
  Result<std::vector<double>> measure(TrialModel& trial, const quality::TokenWindows& windows) {
    Memory memory(folder_, fingerprint(options_, windows));
    Yardstick yardstick(windows);
    bool ready = false;
    std::vector<double> found;
    for (const std::size_t weight : trial.candidates()) {
      const std::string path = trial.weights()[weight].path();
      if (!go_on_({.done = found.size(), .all = trial.candidates().size(), .matrix = path}))
        return fail(ErrorCode::Cancelled, "stopped");
      if (const auto known = memory.find(path)) {
        found.push_back(*known);
        continue;
      }
      if (!ready) TRY(yardstick.read_reference(*TRY(trial.load())));
      ready = true;
      found.push_back(TRY(yardstick.distance(*TRY(trial.load_with(weight, kProbeBits)))));
      TRY(memory.add(path, found.back()));
    }
    return found;
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
  const std::string doing =
      fmt::format("choose bits for {}", options.conversion.source.filename().string());
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
