// Writing an archive, hashing on the way.
#include "services/archive/export_model.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "base/sha256.h"
#include "platform/machine.h"
#include "services/archive/tar_header.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShortPath = 100;  // what a plain header holds

struct Source {
  fs::path file;
  std::string path;
  std::uint64_t bytes = 0;
};

/// Every file of the folder; notes that other programs leave beside files stay out.
Result<std::vector<Source>> sources_of(const fs::path& folder) {
  std::vector<Source> found;
  std::error_code error;
  for (fs::recursive_directory_iterator
           at(folder, fs::directory_options::follow_directory_symlink, error),
       end;
       !error && at != end; at.increment(error)) {
    const fs::path& file = at->path();
    std::string path = file.lexically_relative(folder).generic_string();
    std::error_code unreadable;
    if (at->is_directory(unreadable) || path == kArchiveList) continue;
    const auto bytes = fs::file_size(file, unreadable);
    if (unreadable)
      return fail(ErrorCode::CorruptData,
                  "{} cannot be read ({}): hearth check tells what is wrong with the model", path,
                  unreadable.message());
    TRY(check_archived_path(path));
    found.push_back({.file = file, .path = std::move(path), .bytes = bytes});
  }
  if (error) return fail(ErrorCode::Io, "{}: {}", folder.string(), error.message());
  std::ranges::sort(found, {}, &Source::path);
  return found;
}

class Writer {
 public:
  Writer(const fs::path& file, const ArchiveProgress& progress)
      : out_(file, std::ios::binary | std::ios::trunc), progress_(progress) {}

  /// @returns the file's hash
  Result<std::string> add(const Source& source) {
    header(source.path, source.bytes);
    std::ifstream in(source.file, std::ios::binary);
    base::Sha256 hash;
    std::uint64_t left = source.bytes;
    while (left > 0) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left, kArchivePiece));
      if (!in.read(piece_.data(), static_cast<std::streamsize>(length)))
        return fail(ErrorCode::CorruptData,
                    "{} could not be read to its end: it was changed meanwhile, or its disk is "
                    "damaged",
                    source.path);
      hash.add(std::string_view(piece_.data(), length));
      TRY(write({piece_.data(), length}));
      left -= length;
      if (!progress_(written_))
        return fail(ErrorCode::Cancelled, "the export was stopped; nothing was written");
    }
    TRY(pad(source.bytes));
    return hash.hex();
  }

  Result<void> add_text(const std::string& path, std::string_view text) {
    header(path, text.size());
    TRY(write(text));
    return pad(text.size());
  }

  Result<void> close() {
    const TarBlock nothing{};
    for (int i = 0; i < 2; ++i) TRY(write({nothing.data(), nothing.size()}));
    out_.close();
    return state();
  }

 private:
  void header(const std::string& path, std::uint64_t bytes) {
    const std::int64_t now = base::unix_seconds();
    if (path.size() > kShortPath) {
      const std::string facts = pax_path(path);
      put(write_tar_header({.path = "pax", .bytes = facts.size(), .modified = now, .type = 'x'}));
      out_ << facts << std::string(tar_padding(facts.size()), '\0');
    }
    put(write_tar_header(
        {.path = path.substr(0, kShortPath), .bytes = bytes, .modified = now, .type = '0'}));
  }
  void put(const TarBlock& block) { out_.write(block.data(), block.size()); }

  Result<void> write(std::string_view bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    written_ += bytes.size();
    return state();
  }
  Result<void> pad(std::uint64_t bytes) { return write(std::string(tar_padding(bytes), '\0')); }
  Result<void> state() const {
    if (out_) return {};
    return fail(ErrorCode::Io, "the archive cannot be written: is the disk full?");
  }

  std::ofstream out_;
  const ArchiveProgress& progress_;
  std::vector<char> piece_ = std::vector<char>(kArchivePiece);
  std::uint64_t written_ = 0;
};

Result<void> check_room(const fs::path& folder, std::uint64_t bytes) {
  const auto free = platform::free_disk_bytes(folder.string());
  if (free >= bytes) return {};
  return fail(ErrorCode::Io,
              "{:.1f} GB are needed in {}, and {:.1f} GB are free there: make room, or name "
              "another place",
              static_cast<double>(bytes) / 1e9, folder.string(), static_cast<double>(free) / 1e9);
}

Result<ArchiveContent> write_archive(const std::string& model, const std::vector<Source>& sources,
                                     const fs::path& file, const ArchiveProgress& progress) {
  Writer writer(file, progress);
  ArchiveContent content{.model = model, .files = {}, .bytes = 0};
  for (const Source& source : sources) {
    content.files.push_back(
        {.path = source.path, .bytes = source.bytes, .sha256 = TRY(writer.add(source))});
    content.bytes += source.bytes;
  }
  TRY(writer.add_text(kArchiveList, base::write_json(write_archive_list(content)) + "\n"));
  TRY(writer.close());
  return content;
}

}  // namespace

Result<ArchiveContent> export_model(const ModelEntry& model, const fs::path& archive,
                                    bool overwrite, const ArchiveProgress& progress) {
  std::error_code error;
  const fs::path target = fs::absolute(archive, error);
  if (fs::is_directory(target, error))
    return fail(ErrorCode::InvalidArgument, "{} is a folder: name the file to write",
                target.string());
  if (!overwrite && fs::exists(target, error))
    return fail(ErrorCode::InvalidArgument,
                "{} is there already: say --force to replace it, or name another file",
                target.string());
  const auto sources = TRY(sources_of(model.folder));
  std::uint64_t bytes = 0;
  for (const Source& source : sources) bytes += source.bytes + 2 * kTarBlock;
  TRY(check_room(target.parent_path(), bytes));
  const fs::path partial = base::random_id(target.string() + ".partial-", 8);
  auto content = write_archive(model.id, sources, partial, progress);
  if (content) {
    fs::rename(partial, target, error);
    if (error)
      content = fail(ErrorCode::Io, "{} cannot be written: {}", target.string(), error.message());
  }
  if (!content) fs::remove(partial, error);
  return content;
}

}  // namespace hearth::services
