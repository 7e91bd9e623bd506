// A summary before a conversion, and a line of progress during it.
#include "cli/conversion_display.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <vector>

#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/text_table.h"

namespace hearth::cli {
namespace {

constexpr int kPercent = 100;

void print_plain(const convert::Summary& summary) {
  if (summary.plain.empty()) return;
  fmt::print("\nThese matrices stay plain:\n");
  for (const convert::PlainLayers& layers : summary.plain)
    fmt::print("  {} {}{}: {}\n", layers.path, layers.shape,
               layers.count > 1 ? fmt::format(", {} of them", layers.count) : "", layers.reason);
}

void print_names(const char* heading, const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  if (names.empty()) return;
  fmt::print("\n{}\n", heading);
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) fmt::print("  {}\n", names[i]);
  if (names.size() > kShown) fmt::print("  and {} more\n", names.size() - kShown);
}

/// A line that is written over on a terminal; elsewhere one for every tenth.
class ProgressLine {
 public:
  explicit ProgressLine(bool shown) : shown_(shown), terminal_(::isatty(STDOUT_FILENO) != 0) {}

  void show(const convert::Progress& progress) {
    const auto share = progress.all > 0 ? progress.numbers * kPercent / progress.all : kPercent;
    const auto step = terminal_ ? share : share / 10 * 10;
    if (!shown_ || step == last_) return;
    last_ = step;
    if (terminal_)
      fmt::print("\r\x1b[2K{:3} %  {}  {}", step, progress.file, progress.tensor);
    else
      fmt::print("{:3} %\n", step);
    std::fflush(stdout);
  }
  void end() const {
    if (shown_ && terminal_ && last_ >= 0) fmt::print("\r\x1b[2K");
  }

 private:
  bool shown_;
  bool terminal_;
  std::int64_t last_ = -1;
};

}  // namespace

void print_summary(const convert::Summary& summary, const std::filesystem::path& target) {
  fmt::print("{}: {} weights, {}\n", target.filename().string(),
             grouped(static_cast<std::uint64_t>(summary.parameters)), summary.how);
  fmt::print("  {} become {} in {} file{}, {:.3f} bits per weight\n",
             size_text(summary.source_bytes), size_text(summary.target_bytes), summary.files,
             summary.files == 1 ? "" : "s", summary.bits_per_weight);
  fmt::print("  {} matrices are packed{}\n", summary.packed,
             summary.kept > 0 ? fmt::format(", {} stay packed as they are", summary.kept) : "");
  fmt::print("  disk: {} still to be written, {} needed at once, {} free\n",
             size_text(summary.left_bytes), size_text(summary.needed_bytes),
             size_text(summary.free_bytes));
  print_plain(summary);
  print_names("These tensors are no part of the language model and are left out:", summary.dropped);
  print_names("These files are not copied:", summary.left);
  if (summary.starts_over)
    fmt::print(
        "\nAn interrupted conversion lies there, of another source or with other options: "
        "starting over.\n");
  else if (summary.finished_files > 0)
    fmt::print("\nGoing on with an interrupted conversion: {} of {} files are done.\n",
               summary.finished_files, summary.files);
}

Result<void> run_shown(convert::Conversion& conversion, bool quiet) {
  catch_interrupts();
  ProgressLine line(!quiet);
  auto done = conversion.run([&](const convert::Progress& progress) {
    line.show(progress);
    return !interrupted();
  });
  line.end();
  if (done || done.error().code != ErrorCode::Cancelled) return done;
  fmt::print(stderr, "Stopped. The same command goes on from the files that are finished.\n");
  throw CLI::RuntimeError(kInterrupted);
}

}  // namespace hearth::cli
