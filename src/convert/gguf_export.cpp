// Writes a planned GGUF file, from where an earlier run was interrupted.
#include "convert/gguf_export.h"

#include <algorithm>
#include <exception>
#include <mlx/memory.h>
#include <system_error>
#include <utility>

#include "base/sha256.h"
#include "convert/gguf_plan.h"
#include "convert/part_journal.h"
#include "convert/stamps.h"
#include "convert/target_folder.h"
#include "platform/machine.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMlxCacheBytes = std::size_t{64} << 20U;
constexpr const char* kPart = "part.gguf";  // in the hidden folder

std::string doing(const GgufOptions& options) {
  return fmt::format("convert {} to GGUF", name_of(options.source));
}

/// Names what the file's bytes depend on.
std::string fingerprint_of(const GgufPlan& plan) {
  base::Sha256 hash;
  hash.add(base::write_json(plan.model.raw_config)).add(plan.header);
  for (const std::string& file : stamps(plan.model.files)) hash.add(file);
  return hash.hex();
}

}  // namespace

struct GgufExport::Parts {
  GgufOptions options;
  GgufPlan plan;
  std::string fingerprint;

  void look_at_disk();
  Result<void> check() const;
  fs::path part() const { return TargetFolder::hidden_place(options.target) / kPart; }
  Result<void> write(const TargetFolder& folder, const std::function<bool(const Progress&)>& go_on);
  Result<void> write_tensor(std::size_t index, ShardFile& file, std::int64_t& done,
                            const std::function<bool(const Progress&)>& go_on);
};

/// What an earlier run left there.
void GgufExport::Parts::look_at_disk() {
  fingerprint = fingerprint_of(plan);
  const fs::path hidden = TargetFolder::hidden_place(options.target);
  const PartJournal journal = PartJournal::read(hidden, fingerprint);
  std::error_code absent;
  const auto written = fs::file_size(part(), absent);
  const auto done = journal.seems_done(absent ? 0 : written);
  Summary& summary = plan.summary;
  summary.starts_over = journal.replaced();
  summary.left_bytes = summary.target_bytes - std::min(done.bytes, summary.target_bytes);
  summary.needed_bytes = summary.left_bytes;
  summary.free_bytes = platform::free_disk_bytes(hidden.string());
}

Result<void> GgufExport::Parts::check() const {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(options.target, error))) return {};
  if (!options.force)
    return fail(ErrorCode::InvalidArgument,
                "{} is there already; --force replaces it, --out names another file",
                options.target.string());
  if (!fs::is_regular_file(options.target, error) ||
      fs::equivalent(options.source, options.target, error))
    return fail(ErrorCode::InvalidArgument, "{} is no file that --force could replace",
                options.target.string());
  return {};
}

Result<void> GgufExport::Parts::write_tensor(std::size_t index, ShardFile& file, std::int64_t& done,
                                             const std::function<bool(const Progress&)>& go_on) {
  if (index < plan.treatments.size()) {
    const auto told = [&](std::int64_t numbers) {
      done += numbers;
      return go_on({.numbers = done,
                    .all = plan.summary.parameters,
                    .file = options.target.filename().string(),
                    .tensor = plan.tensors[index].name});
    };
    TRY(write_gguf_weight(plan.model.tensors, plan.arrangement.weights[index],
                          plan.treatments[index], file, told));
  } else {
    TRY(file.append(std::as_bytes(std::span(plan.rope_factors))));
  }
  const std::uint64_t bytes = plan.tensors[index].bytes();
  return file.append(std::string(static_cast<std::size_t>(gguf::aligned(bytes) - bytes), '\0'));
}

Result<void> GgufExport::Parts::write(const TargetFolder& folder,
                                      const std::function<bool(const Progress&)>& go_on) {
  PartJournal journal = PartJournal::read(folder.hidden(), fingerprint);
  if (journal.replaced()) TRY(folder.clear());
  PartJournal::Mark mark = journal.prove(part());
  ShardFile file =
      TRY(mark.bytes > 0 ? ShardFile::reopen(part(), mark.bytes) : ShardFile::create(part()));
  if (mark.bytes == 0) TRY(file.append(plan.header));
  std::int64_t done = 0;
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    if (i < mark.tensors) {
      if (i < plan.treatments.size()) done += plan.arrangement.weights[i].elements();
      continue;
    }
    TRY(write_tensor(i, file, done, go_on));
    if (file.size() - mark.bytes < options.mark_bytes) continue;
    mark = {.tensors = i + 1, .bytes = file.size(), .sha256 = file.take_hash()};
    TRY(journal.add(mark));
  }
  if (file.size() != plan.summary.target_bytes)
    return fail(ErrorCode::Internal, "{} bytes were written, but {} were planned", file.size(),
                plan.summary.target_bytes);
  TRY(file.finish());
  return {};
}

GgufExport::GgufExport(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
GgufExport::GgufExport(GgufExport&&) noexcept = default;
GgufExport::~GgufExport() = default;

const Summary& GgufExport::summary() const {
  return parts_->plan.summary;
}

Result<GgufExport> GgufExport::make(const GgufOptions& options) {
  try {
    auto parts = std::make_unique<Parts>();
    parts->options = options;
    parts->plan = TRY_IN(doing(options), plan_gguf(options));
    parts->look_at_disk();
    TRY_IN(doing(options), parts->check());
    return GgufExport(std::move(parts));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing(options), error.what());
  }
}

Result<void> GgufExport::run(const std::function<bool(const Progress&)>& go_on) {
  Parts& parts = *parts_;
  const std::string what = doing(parts.options);
  if (parts.plan.summary.left_bytes > parts.plan.summary.free_bytes)
    return fail(ErrorCode::Io,
                "{}: it needs {} MB of disk, but there are {} MB free beside {}; make room or name "
                "another place with --out",
                what, parts.plan.summary.left_bytes >> 20U, parts.plan.summary.free_bytes >> 20U,
                parts.options.target.string());
  try {
    mx::set_cache_limit(kMlxCacheBytes);
    const TargetFolder folder = TRY_IN(what, TargetFolder::open(parts.options.target));
    std::error_code error;
    if (auto done = parts.write(folder, go_on); !done) {
      if (done.error().code == ErrorCode::CorruptData) fs::remove_all(folder.hidden(), error);
      return fail_in(what, std::move(done).error());
    }
    fs::rename(parts.part(), parts.options.target, error);
    if (error)
      return fail(ErrorCode::Io, "{}: cannot give {} its name: {}", what,
                  parts.options.target.string(), error.message());
    fs::remove_all(folder.hidden(), error);
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", what, error.what());
  }
}

}  // namespace hearth::convert
