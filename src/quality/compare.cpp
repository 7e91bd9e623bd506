// Loads, reads, compares.
#include "quality/compare.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/id.h"
#include "models/model.h"
#include "platform/machine.h"
#include "quality/built_in_text.h"
#include "quality/logit_rows.h"
#include "quality/token_windows.h"
#include "text/tokenizer.h"

namespace hearth::quality {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kWorkspace = std::uint64_t{1} << 30;  // logits, steps, the allocator
constexpr std::uint64_t kSpareDisk = std::uint64_t{256} << 20;
constexpr double kBitsInByte = 8.0;

using Loaded = std::unique_ptr<models::Model>;
using GoOn = std::function<bool(const CompareProgress&)>;

std::string name_of(const fs::path& folder) {
  return (folder.has_filename() ? folder : folder.parent_path()).filename().string();
}

std::uint64_t folder_bytes(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error))
    if (item.is_regular_file(error)) sum += item.file_size(error);
  return sum;
}

std::string weights_text(const models::ModelFacts& facts) {
  if (!facts.quantisation) return facts.dtype.empty() ? "plain" : facts.dtype;
  const auto& [mode, bits, group] = *facts.quantisation;
  return fmt::format("{}{} bits in groups of {}", mode == "affine" ? "" : mode + ", ", bits, group);
}

ModelFigures figures_of(const fs::path& folder, const models::ModelFacts& stored) {
  const auto weights = static_cast<double>(std::max<std::int64_t>(1, stored.parameters));
  return {.folder = folder,
          .weights = weights_text(stored),
          .parameters = stored.parameters,
          .bits_per_weight = static_cast<double>(stored.weight_bytes) * kBitsInByte / weights,
          .disk_bytes = folder_bytes(folder)};
}

void add_loaded(ModelFigures& figures, const models::Model& model) {
  constexpr std::uint64_t kTokens = 1000;
  figures.memory_bytes = model.facts().weight_bytes;
  figures.kv_bytes = model.page_bytes() * kTokens / nn::kPageTokens;
}

/// A file that goes with the object.
class Scratch {
 public:
  Scratch() : path_(fs::temp_directory_path() / base::random_id("hearth-logits-", 12)) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// One comparison while it runs.
class Run {
 public:
  Run(const CompareOptions& options, const GoOn& go_on) : options_(options), go_on_(go_on) {}

  Result<Comparison> run() {
    const std::uint64_t needed = TRY(prepare());
    const std::uint64_t room =
        options_.memory_bytes != 0 ? options_.memory_bytes : platform::memory().available_bytes;
    result_.together = needed <= room;
    TRY(result_.together ? run_together() : run_in_turn());
    result_.distance = divergence_.distance();
    result_.reference.perplexity = result_.distance.reference_perplexity;
    result_.other.perplexity = result_.distance.perplexity;
    return result_;
  }

 private:
  /// Reads headers and the text. @returns the memory of both models at once.
  Result<std::uint64_t> prepare() {
    const auto tokenizer = TRY(text::Tokenizer::load(options_.reference));
    const auto other = TRY(text::Tokenizer::load(options_.other));
    TRY(check_same_vocabulary(*tokenizer, *other));
    const auto stored = TRY(models::read_facts(options_.reference));
    const auto other_stored = TRY(models::read_facts(options_.other));
    vocabulary_ = stored.vocab_size;
    if (vocabulary_ != other_stored.vocab_size)
      return fail(ErrorCode::InvalidArgument,
                  "the models have logits for {} and {} tokens, so their predictions cannot be "
                  "compared",
                  vocabulary_, other_stored.vocab_size);
    const std::string_view text = options_.text.empty() ? built_in_text() : options_.text;
    window_ = std::min({options_.window, stored.context_length, other_stored.context_length});
    windows_ =
        TRY(cut_into_windows(*tokenizer, text, {.tokens = options_.tokens, .window = window_}));
    for (const auto& window : windows_.windows)
      if (std::ranges::any_of(window, [&](std::int32_t id) { return id >= vocabulary_; }))
        return fail(ErrorCode::CorruptData,
                    "the tokenizer gives ids beyond the model's vocabulary of {}", vocabulary_);
    result_.reference = figures_of(options_.reference, stored);
    result_.other = figures_of(options_.other, other_stored);
    result_.text_tokens = windows_.tokens;
    result_.whole_tokens = windows_.of;
    result_.window = window_;
    return stored.weight_bytes + other_stored.weight_bytes + kWorkspace;
  }

  Result<void> run_together() {
    const Loaded reference = TRY(load(result_.reference));
    const Loaded other = TRY(load(result_.other));
    ComputedRows rows(*reference, window_);
    ComputedRows others(*other, window_);
    all_ = windows_.rows();
    return walk([&](const Piece& piece, std::span<const std::int32_t> next) {
      return add(rows, others, piece, next);
    });
  }

  Result<void> run_in_turn() {
    const Scratch file;
    all_ = windows_.rows() * 2;
    TRY(write_reference(file.path()));
    const Loaded other = TRY(load(result_.other));
    StoredRows rows(file.path(), static_cast<std::size_t>(vocabulary_));
    ComputedRows others(*other, window_);
    return walk([&](const Piece& piece, std::span<const std::int32_t> next) {
      return add(rows, others, piece, next);
    });
  }

  Result<void> write_reference(const fs::path& path) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(windows_.rows()) *
                                static_cast<std::uint64_t>(vocabulary_) * sizeof(float);
    if (const auto free = platform::free_disk_bytes(path.string()); bytes + kSpareDisk > free)
      return fail(ErrorCode::Io,
                  "both models do not fit into memory at once, and for the first one's logits {} "
                  "MB of disk are needed, but {} MB are free in {}; --tokens takes less of the "
                  "text",
                  bytes >> 20, free >> 20, path.parent_path().string());
    const Loaded reference = TRY(load(result_.reference));
    ComputedRows rows(*reference, window_);
    std::ofstream file(path, std::ios::binary);
    return walk([&](const Piece& piece, std::span<const std::int32_t>) -> Result<void> {
      const auto logits = TRY(rows.next(piece));
      file.write(reinterpret_cast<const char*>(logits.data()),
                 static_cast<std::streamsize>(logits.size_bytes()));
      if (!file.flush())
        return fail(ErrorCode::Io, "{} cannot be written (is the disk full?)", path.string());
      return {};
    });
  }

  Result<Loaded> load(ModelFigures& figures) {
    TRY(tell("load " + name_of(figures.folder)));
    Loaded model = TRY(models::load_model(figures.folder));
    add_loaded(figures, *model);
    TRY(tell("measure the speed of " + name_of(figures.folder)));
    const Speed speed = TRY(measure_speed(*model, windows_.windows.front()));
    figures.prompt_speed = speed.prompt;
    figures.generation_speed = speed.generation;
    return model;
  }

  /// Calls `body` with each piece of each window and the tokens that follow its own.
  Result<void> walk(
      const std::function<Result<void>(const Piece&, std::span<const std::int32_t>)>& body) {
    const auto at_once = static_cast<std::size_t>(rows_at_once(vocabulary_));
    for (const auto& window : windows_.windows)
      for (std::size_t at = 0; at < window.size(); at += at_once) {
        const std::size_t count = std::min(at_once, window.size() - at);
        const std::span ids(window);
        const std::size_t following = std::min(count, window.size() - at - 1);
        TRY(body({.ids = ids.subspan(at, count), .first = at == 0},
                 ids.subspan(at + 1, following)));
        done_ += static_cast<std::int64_t>(count);
        TRY(tell("read"));
      }
    return {};
  }

  Result<void> add(LogitRows& reference, LogitRows& other, const Piece& piece,
                   std::span<const std::int32_t> next) {
    const auto vocabulary = static_cast<std::size_t>(vocabulary_);
    const auto expected = TRY(reference.next(piece));
    const auto found = TRY(other.next(piece));
    for (std::size_t i = 0; i < next.size(); ++i)
      TRY(divergence_.add(expected.subspan(i * vocabulary, vocabulary),
                          found.subspan(i * vocabulary, vocabulary),
                          static_cast<std::size_t>(next[i])));
    return {};
  }

  Result<void> tell(std::string doing) const {
    if (go_on_({.tokens = done_, .all = all_, .doing = std::move(doing)})) return {};
    return fail(ErrorCode::Cancelled, "stopped");
  }

  const CompareOptions& options_;
  const GoOn& go_on_;
  TokenWindows windows_;
  int vocabulary_ = 0;
  int window_ = 0;  // no longer than either model's context
  std::int64_t done_ = 0;
  std::int64_t all_ = 0;
  Divergence divergence_;
  Comparison result_;
};

}  // namespace

Result<Comparison> compare(const CompareOptions& options, const GoOn& go_on) {
  const std::string doing =
      fmt::format("compare {} with {}", name_of(options.reference), name_of(options.other));
  try {
    return TRY_IN(doing, Run(options, go_on).run());
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing, error.what());
  }
}

}  // namespace hearth::quality
