// Spawning, reading and stopping `hearth job`.
#include "app/conversion_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "platform/child_process.h"
#include "platform/paths.h"

namespace hearth::app {
namespace {

constexpr int kLookEveryMs = 100;
/// Between SIGTERM and SIGKILL: a conversion stops after the piece at hand.
constexpr std::chrono::seconds kPatience{15};
constexpr std::size_t kMostLine = std::size_t{64} << 20;

/// What comes out of a process, line by line.
class Lines {
 public:
  explicit Lines(int socket) : socket_(socket) {}
  ~Lines() { ::close(socket_); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  /// Waits a moment. @returns false once there will be nothing more
  bool read() {
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kLookEveryMs) <= 0) return true;
    std::array<char, 16384> bytes;
    const ssize_t count = ::read(socket_, bytes.data(), bytes.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0 && buffer_.size() < kMostLine;
  }
  std::optional<std::string> next() {
    const auto end = buffer_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }

 private:
  int socket_;
  std::string buffer_;
};

/// A process that is told to stop when that is wanted, and made to when it does not.
class Job {
 public:
  explicit Job(platform::ChildProcess child) : child_(std::move(child)) {}

  void mind(const std::function<bool()>& go_on) {
    if (told_) {
      if (base::SteadyClock::now() - told_at_ > kPatience) ::kill(child_.pid(), SIGKILL);
    } else if (!go_on()) {
      told_ = true;
      told_at_ = base::SteadyClock::now();
      ::kill(child_.pid(), SIGTERM);
    }
  }
  /// The error of a process whose lines have ended without a last word.
  Error end_without_word() {
    const std::string end = child_.finish(kPatience);
    if (told_) return {.code = ErrorCode::Cancelled, .message = "stopped"};
    return {.code = ErrorCode::EngineLost,
            .message = fmt::format("the process of the conversion ended unexpectedly ({}); the "
                                   "server's log may say more. A retry goes on with what is "
                                   "finished",
                                   end)};
  }
  void finish() { child_.finish(kPatience); }
  platform::ChildProcess& child() { return child_; }

 private:
  platform::ChildProcess child_;
  bool told_ = false;
  base::Instant told_at_{};
};

Result<Job> start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "job");
  arguments.insert(arguments.end(), {"--fd", std::to_string(platform::ChildProcess::kSocket)});
  return Job(TRY(platform::ChildProcess::spawn(platform::program_file().string(), arguments)));
}

/// Follows the process to its last word.
Result<services::JobDone> follow(Job& job, const services::JobHooks& hooks) {
  const std::int64_t process = job.child().pid();
  Lines lines(job.child().take_socket());
  hooks.progress({.phase = "starting", .process = process});
  for (bool open = true; open;) {
    open = lines.read();
    while (const auto text = lines.next()) {
      auto line = services::read_job_line(*text);
      if (!line) {
        log_warn("conversions", "{}", line.error().message);
      } else if (auto* progress = std::get_if<services::JobProgress>(&*line)) {
        progress->process = process;
        hooks.progress(*progress);
      } else {
        job.finish();
        if (auto* error = std::get_if<Error>(&*line)) return fail(std::move(*error));
        return std::get<services::JobDone>(std::move(*line));
      }
    }
    job.mind(hooks.go_on);
  }
  return fail(job.end_without_word());
}

}  // namespace

Result<std::string> run_conversion(const services::ConversionJob& job,
                                   const services::JobHooks& hooks) {
  Job process = TRY(start({services::write_job(job)}));
  return base::write_json(TRY(follow(process, hooks)).result);
}

Result<void> discard_conversion(const std::filesystem::path& target) {
  Job process = TRY(start({"--discard", target.string()}));
  TRY(follow(process, {.go_on = [] { return true; }, .progress = [](const auto&) {}}));
  return {};
}

}  // namespace hearth::app
