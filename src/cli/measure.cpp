// From flags to a comparison, and from there to a table.
#include "cli/measure.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/text_table.h"

namespace hearth::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kTokensOfFiles = 4096;
constexpr std::uintmax_t kTextLimit = 16'000'000;

Result<std::string> read_text(const std::string& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error)
    return fail(ErrorCode::NotFound, "the text {} cannot be read: {}", path, error.message());
  if (bytes > kTextLimit)
    return fail(ErrorCode::TooLarge,
                "the text {} has {} MB, and {} MB are the most; some thousand words are enough",
                path, bytes / 1'000'000, kTextLimit / 1'000'000);
  std::ifstream file(path, std::ios::binary);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

/// One line that is written over.
class ComparisonLine {
 public:
  explicit ComparisonLine(bool shown) : shown_(shown && ::isatty(STDOUT_FILENO) != 0) {}
  ~ComparisonLine() {
    if (shown_) fmt::print("\r\x1b[2K");
  }
  ComparisonLine(const ComparisonLine&) = delete;
  ComparisonLine& operator=(const ComparisonLine&) = delete;

  void show(const quality::CompareProgress& progress) const {
    if (!shown_) return;
    fmt::print("\r\x1b[2K{}  {} of {} tokens", progress.doing, progress.tokens, progress.all);
    std::fflush(stdout);
  }

 private:
  bool shown_;
};

std::string speed_text(double speed) {
  return fmt::format("{:.{}f} tokens/s", speed, speed < 10 ? 1 : 0);
}

}  // namespace

void add_measure_options(CLI::App& verb, MeasureInput& input) {
  verb.add_option("--text", input.text, "File to measure with [a text of Hearth's own]")
      ->type_name("FILE");
  verb.add_option("--tokens", input.tokens,
                  "Tokens of the text, at most [all of the own text, 4096 of a file]")
      ->type_name("NUMBER")
      ->check(CLI::PositiveNumber);
}

Result<quality::Comparison> measure(const MeasuredModel& reference, const MeasuredModel& other,
                                    const MeasureInput& input, bool quiet) {
  quality::CompareOptions options{.reference = reference.folder, .other = other.folder};
  if (!input.text.empty()) options.text = TRY(read_text(input.text));
  options.tokens = input.tokens == 0 && !input.text.empty() ? kTokensOfFiles : input.tokens;
  if (!input.text.empty() && options.text.empty())
    return fail(ErrorCode::InvalidArgument, "the text {} is empty", input.text);
  catch_interrupts();
  auto found = [&] {
    const ComparisonLine line(!quiet);
    return quality::compare(options, [&](const quality::CompareProgress& progress) {
      line.show(progress);
      return !interrupted();
    });
  }();
  if (!found && found.error().code == ErrorCode::Cancelled) throw CLI::RuntimeError(kInterrupted);
  return found;
}

std::string text_name(const MeasureInput& input) {
  return input.text.empty() ? "the built-in text" : fs::path(input.text).filename().string();
}

std::string comparison_text(const quality::Comparison& comparison, const std::string& reference,
                            const std::string& other, const std::string& text_name) {
  constexpr double kPercent = 100.0;
  const auto& [a, b, distance, tokens, whole, window, together] = comparison;
  const auto memory = [](const quality::ModelFigures& model) {
    return fmt::format("{} + {} per 1,000 tokens", size_text(model.memory_bytes),
                       size_text(model.kv_bytes));
  };
  std::string out = text_table(
      {"", reference, other},
      {{"weights", a.weights, b.weights},
       {"bits per weight", fmt::format("{:.3f}", a.bits_per_weight),
        fmt::format("{:.3f}", b.bits_per_weight)},
       {"size on disk", size_text(a.disk_bytes), size_text(b.disk_bytes)},
       {"memory", memory(a), memory(b)},
       {"reading", speed_text(a.prompt_speed), speed_text(b.prompt_speed)},
       {"writing", speed_text(a.generation_speed), speed_text(b.generation_speed)},
       {"perplexity", fmt::format("{:.4f}", a.perplexity), fmt::format("{:.4f}", b.perplexity)}});
  out += fmt::format(
      "\nKL divergence from {}: mean {:.5f}, 99 % below {:.4f}, at most {:.4f} nats\n"
      "The same likeliest token: {:.2f} % of {}\n",
      reference, distance.kl_mean, distance.kl_p99, distance.kl_max, distance.agreement * kPercent,
      grouped(static_cast<std::uint64_t>(distance.tokens)));
  out += fmt::format("Measured on {} of {} tokens of {}, {} at a time; {}.\n",
                     grouped(static_cast<std::uint64_t>(tokens)),
                     grouped(static_cast<std::uint64_t>(whole)), text_name, window,
                     together ? "both models were loaded at once"
                              : "one model after the other, since both do not fit at once");
  return out;
}

}  // namespace hearth::cli
