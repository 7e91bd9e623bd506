// A copy with one coarser matrix after another, held against the copy without.
#include "convert/sensitivity.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "convert/model_files.h"
#include "convert/shard_file.h"
#include "convert/stamps.h"
#include "quality/built_in_text.h"
#include "quality/divergence.h"
#include "quality/logit_rows.h"
#include "quality/token_windows.h"
#include "text/tokenizer.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr int kTokens = 768;
constexpr std::int64_t kLeastTokens = 64;
constexpr std::int64_t kLogitBytes = std::int64_t{256} << 20;  // of the reference, held in memory
constexpr int kWindow = 256;
constexpr const char* kFile = "sensitivity.json";

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
  for (const fs::path& folder : {wish.source, wish.adapter})
    for (const std::string& file : stamps(files_in(folder))) hash.add(file);
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

}  // namespace

Result<quality::TokenWindows> probe_windows(const AutoOptions& options,
                                            const models::Config& config) {
  const auto tokenizer = TRY(text::Tokenizer::load(options.conversion.source));
  const std::int64_t row = static_cast<std::int64_t>(config.vocab_size) * sizeof(float);
  const auto room = std::max(kLeastTokens, kLogitBytes / std::max<std::int64_t>(1, row));
  const int wanted = options.tokens > 0 ? options.tokens : kTokens;
  return quality::cut_into_windows(
      *tokenizer, quality::built_in_text(),
      {.tokens = static_cast<int>(std::min<std::int64_t>(wanted, room)),
       .window = std::min(kWindow, config.context_length)});
}

Result<std::vector<double>> measure_sensitivity(
    TrialModel& trial, const Probe& probe, const std::function<bool(const AutoProgress&)>& go_on) {
  Memory memory(probe.folder, fingerprint(probe.options, probe.windows));
  Yardstick yardstick(probe.windows);
  bool ready = false;
  std::vector<double> found;
  for (const std::size_t weight : trial.candidates()) {
    const std::string path = trial.weights()[weight].path();
    if (!go_on({.done = found.size(), .all = trial.candidates().size(), .matrix = path}))
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

}  // namespace hearth::convert
