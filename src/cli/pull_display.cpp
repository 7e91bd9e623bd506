// Three ways to show a download.
#include "cli/pull_display.h"

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "cli/pull_text.h"
#include "cli/text_table.h"

namespace hearth::cli {
namespace {

std::string plan_text(const hub::SnapshotPlan& plan) {
  constexpr std::size_t kShortCommit = 7;
  std::string text =
      fmt::format("{} {} ({}): {} files, {}", plan.repository, plan.revision,
                  plan.commit.substr(0, kShortCommit), plan.files.size(), size_text(plan.bytes));
  if (plan.missing == 0) return text + ", all here";
  if (plan.missing < plan.bytes) text += fmt::format(", {} to fetch", size_text(plan.missing));
  return text;
}

std::string done_text(const hub::SnapshotPlan& plan, const hub::Snapshot& snapshot) {
  return fmt::format("{} is here: {}\nTry:  hearth run {} \"Hello\"\n", plan.repository,
                     snapshot.folder.string(), plan.repository);
}

std::string stopped_text(const std::string& repository, bool kept) {
  return kept ? fmt::format("Stopped. What is here is kept: hearth pull {} goes on with it.\n",
                            repository)
              : "Stopped. What was not whole is removed.\n";
}

void write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// Rewrites its own lines in place.
class Bars : public PullDisplay {
 public:
  void planned(const hub::SnapshotPlan& plan) override { write(plan_text(plan) + "\n"); }
  void progress(const hub::Progress& progress) override {
    std::string text = up();
    const auto lines = progress_lines(progress, columns());
    for (const std::string& line : lines) text += line + "\x1b[K\n";
    drawn_ = lines.size();
    write(text + "\x1b[J");
  }
  void done(const hub::SnapshotPlan& plan, const hub::Snapshot& snapshot) override {
    write(up() + "\x1b[J" + done_text(plan, snapshot));
  }
  void stopped(const std::string& repository, bool kept) override {
    write(stopped_text(repository, kept));
  }
  void failed(const Error&) override {}

 private:
  std::string up() const { return drawn_ == 0 ? "" : fmt::format("\x1b[{}F", drawn_); }
  static std::size_t columns() {
    constexpr std::size_t kUsual = 80;
    winsize size = {};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : kUsual;
  }
  std::size_t drawn_ = 0;
};

/// A line for each file and each tenth of the whole.
class Lines : public PullDisplay {
 public:
  void planned(const hub::SnapshotPlan& plan) override { write(plan_text(plan) + "\n"); }
  void progress(const hub::Progress& progress) override {
    std::string text;
    for (const std::string& path : progress.finished) text += fmt::format("  {}\n", path);
    const auto tenths = progress.bytes == 0 ? 10 : progress.done * 10 / progress.bytes;
    if (tenths > tenths_)
      text += fmt::format("  {:>5}  {}\n", percent_text(progress.done, progress.bytes),
                          amount_text(progress));
    tenths_ = tenths;
    write(text);
  }
  void done(const hub::SnapshotPlan& plan, const hub::Snapshot& snapshot) override {
    write(done_text(plan, snapshot));
  }
  void stopped(const std::string& repository, bool kept) override {
    write(stopped_text(repository, kept));
  }
  void failed(const Error&) override {}

 private:
  std::uint64_t tenths_ = 0;
};

/// One JSON object a line.
class JsonLines : public PullDisplay {
 public:
  void planned(const hub::SnapshotPlan& plan) override {
    print({{"status", "planned"},
           {"model", plan.repository},
           {"revision", plan.revision},
           {"commit", plan.commit},
           {"folder", plan.folder.string()},
           {"files", plan.files.size()},
           {"bytes", plan.bytes},
           {"missing", plan.missing}});
  }
  void progress(const hub::Progress& progress) override {
    for (const std::string& path : progress.finished) finished_.emplace_back(path);
    const auto now = base::SteadyClock::now();
    if (now - told_ < kTellEvery && progress.files_done < progress.files) return;
    told_ = now;
    json::array active;
    for (const auto& file : progress.active)
      active.push_back(json::object{{"path", file.path},
                                    {"done", file.done},
                                    {"bytes", file.bytes},
                                    {"elsewhere", file.elsewhere}});
    print({{"status", "downloading"},
           {"done", progress.done},
           {"bytes", progress.bytes},
           {"fetched", progress.fetched},
           {"bytes_per_s", progress.bytes_per_s},
           {"seconds_left", progress.left ? json::value(progress.left->count()) : json::value()},
           {"files_done", progress.files_done},
           {"files", progress.files},
           {"active", std::move(active)},
           {"finished", std::exchange(finished_, {})}});
  }
  void done(const hub::SnapshotPlan& plan, const hub::Snapshot& snapshot) override {
    print({{"status", "success"},
           {"model", plan.repository},
           {"commit", snapshot.commit},
           {"folder", snapshot.folder.string()},
           {"bytes", snapshot.bytes},
           {"fetched", snapshot.fetched}});
  }
  void stopped(const std::string& repository, bool kept) override {
    print({{"status", "stopped"}, {"model", repository}, {"kept", kept}});
  }
  void failed(const Error& error) override {
    print({{"status", "error"}, {"code", base::name(error.code)}, {"message", error.message}});
  }

 private:
  static constexpr std::chrono::milliseconds kTellEvery{500};
  static void print(const json::object& line) { write(base::write_json(line) + "\n"); }
  json::array finished_;
  base::Instant told_{};
};

}  // namespace

std::unique_ptr<PullDisplay> pull_display(bool as_json) {
  if (as_json) return std::make_unique<JsonLines>();
  if (::isatty(STDOUT_FILENO) != 0) return std::make_unique<Bars>();
  return std::make_unique<Lines>();
}

}  // namespace hearth::cli
