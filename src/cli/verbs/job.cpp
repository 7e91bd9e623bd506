// hearth job: one conversion, for the server that started this process. Not for people.
#include <cerrno>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/conversion_json.h"
#include "cli/conversion_options.h"
#include "convert/auto_recipe.h"
#include "convert/convert.h"
#include "convert/target_folder.h"
#include "platform/machine.h"
#include "quality/report.h"
#include "services/conversions/conversion_job.h"

namespace hearth::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kBetweenReports{200};
constexpr double kLongEnoughToGuess = 1;  // seconds
constexpr int kPoliteness = 5;
constexpr int kSacrifice = 500;

volatile std::sig_atomic_t stop_mark = 0;

/// Whoever started this ends it with SIGTERM; a listener that is gone is an error code.
void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = [](int) { stop_mark = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

/// Answers go before conversions; and if memory runs out this process goes, not the server.
void step_back() {
  static_cast<void>(::nice(kPoliteness));
#ifdef __linux__
  std::ofstream("/proc/self/oom_score_adj") << kSacrifice;
#endif
}

/// Tells the listener how far the job is.
class Reporter {
 public:
  explicit Reporter(int fd) : fd_(fd) {}

  /// Not each time it is called. @returns whether to go on: false once the process was told to
  /// stop, or nobody listens any more
  bool tell(services::JobProgress progress) {
    const auto now = base::SteadyClock::now();
    if (progress.phase != phase_) {
      phase_ = progress.phase;
      began_ = now;
      first_ = progress.done;
      next_ = now;
    }
    if (now >= next_) {
      next_ = now + kBetweenReports;
      progress.seconds_left = seconds_left(progress, now);
      listened_ &= write(progress);
    }
    return listened_ && stop_mark == 0;
  }

  /// @returns false where nobody listens
  bool write(const services::JobLine& line) const {
    const std::string text = services::write_job_line(line);
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = ::write(fd_, text.data() + done, text.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      done += static_cast<std::size_t>(count);
    }
    return true;
  }

 private:
  std::optional<std::int64_t> seconds_left(const services::JobProgress& progress,
                                           base::Instant now) const {
    const double passed = std::chrono::duration<double>(now - began_).count();
    if (passed < kLongEnoughToGuess || progress.done <= first_ || progress.all < progress.done)
      return std::nullopt;
    const double each = passed / static_cast<double>(progress.done - first_);
    return static_cast<std::int64_t>(each * static_cast<double>(progress.all - progress.done));
  }

  int fd_;
  std::string phase_;
  base::Instant began_;
  base::Instant next_;
  std::uint64_t first_ = 0;
  bool listened_ = true;
};

/// Bits for each matrix. Nobody else is at the target meanwhile: an earlier process whose server is
/// gone may need a moment to see that.
Result<convert::AutoRecipe> find_bits(const services::ConversionJob& job,
                                      const convert::Options& options, Reporter& reporter) {
  const auto mine = TRY(convert::TargetFolder::open(job.target));
  return convert::choose_recipe(
      {.conversion = options,
       .target_bpw = job.options.target_bpw.value_or(services::kUsualTargetBpw)},
      [&](const convert::AutoProgress& now) {
        return reporter.tell(
            {.phase = "measuring", .done = now.done, .all = now.all, .at = now.matrix});
      });
}

/// An earlier process of the same job has made it, and could not say so any more.
bool is_made(const services::ConversionJob& job) {
  std::error_code ignored;
  return job.begun && !job.replaces && fs::exists(job.target / "config.json", ignored) &&
         !fs::exists(convert::TargetFolder::hidden_place(job.target), ignored);
}

Result<json::object> make(const services::ConversionJob& job, Reporter& reporter) {
  convert::Options options = convert_options(job);
  std::optional<convert::AutoRecipe> recipe;
  if (options.recipe == services::kAutoRecipe) {
    recipe = TRY(find_bits(job, options, reporter));
    options.layer_bits = recipe->bits;
  }
  auto conversion = TRY(convert::Conversion::make(options));
  TRY(conversion.run([&](const convert::Progress& now) {
    return reporter.tell({.phase = "converting",
                          .done = static_cast<std::uint64_t>(now.numbers),
                          .all = static_cast<std::uint64_t>(now.all),
                          .at = now.tensor});
  }));
  json::object out = to_json(conversion.summary(), job.target);
  if (recipe) {
    out["recipe"] = to_json(*recipe);
    convert::forget_measurements(job.target);
  }
  return out;
}

/// A model that is made stays made, whether it could be measured or not.
void measure(const services::ConversionJob& job, Reporter& reporter, json::object& out) {
  const auto found = quality::compare(
      {.reference = job.source, .other = job.target}, [&](const quality::CompareProgress& now) {
        return reporter.tell({.phase = "comparing",
                              .done = static_cast<std::uint64_t>(now.tokens),
                              .all = static_cast<std::uint64_t>(now.all),
                              .at = now.doing});
      });
  const auto kept = found ? quality::keep(*found, job.model, "the built-in text") : Result<void>();
  if (found) out["measured"] = quality::to_json(*found);
  if (!found)
    out["not_measured"] = found.error().message;
  else if (!kept)
    out["not_measured"] = kept.error().message;
}

services::JobLine work(const std::string& order, Reporter& reporter) {
  const auto job = services::read_job(order);
  if (!job) return job.error();
  Result<json::object> out = json::object{{"folder", job->target.string()}};
  if (!is_made(*job)) out = make(*job, reporter);
  if (!out) return out.error();
  if (job->options.measure.value_or(false)) measure(*job, reporter, *out);
  (*out)["peak_memory_bytes"] = platform::peak_resident_bytes();
  return services::JobDone{std::move(*out)};
}

services::JobLine discard(const std::string& target) {
  if (const auto gone = convert::TargetFolder::discard(target); !gone) return gone.error();
  convert::forget_measurements(target);
  return services::JobDone{};
}

struct JobInput {
  std::string order;
  std::string discard;
  int fd = STDOUT_FILENO;
};

void run(const JobInput& input) {
  base::start_log(base::LogLevel::Warn);
  catch_signals();
  step_back();
  Reporter reporter(input.fd);
  const services::JobLine last =
      input.discard.empty() ? work(input.order, reporter) : discard(input.discard);
  reporter.write(last);
  if (std::holds_alternative<Error>(last)) throw CLI::RuntimeError(1);
}

}  // namespace

void add_job(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("job", "One conversion (the server starts these)")->group("");
  const auto input = std::make_shared<JobInput>();
  verb->add_option("ORDER", input->order);
  verb->add_option("--discard", input->discard);
  verb->add_option("--fd", input->fd);
  verb->callback([input] { run(*input); });
}

}  // namespace hearth::cli
