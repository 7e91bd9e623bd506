// Reading an archive as a stranger's: every path, length and hash is checked.
#include "services/archive/import_model.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "base/sha256.h"
#include "hub/file_lock.h"
#include "hub/names.h"
#include "platform/machine.h"
#include "services/archive/tar_header.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestFacts = std::uint64_t{64} * 1024;  // of an 'x' header
constexpr std::uint64_t kLongestList = std::uint64_t{16} << 20;
constexpr std::size_t kMostFiles = 100'000;

std::unexpected<Error> ends_too_soon() {
  return fail(ErrorCode::CorruptData,
              "the archive ends too soon: it was not copied whole; copy it again");
}

/// Unpacks into a folder that is its own.
class Unpacking {
 public:
  Unpacking(const fs::path& archive, fs::path folder, const ArchiveProgress& progress)
      : in_(archive, std::ios::binary), folder_(std::move(folder)), progress_(progress) {}

  /// @returns what the archive's list says, every file of it proven
  Result<ArchiveContent> run() {
    TarBlock block{};
    std::string facts;
    while (TRY(read_block(block))) {
      TarHeader header = TRY(read_tar_header(block));
      if (header.type == 'x') {
        facts = TRY(text(header.bytes, kLongestFacts));
        continue;
      }
      TRY(apply_pax(std::exchange(facts, {}), header));
      TRY(take(header));
    }
    if (list_.empty())
      return fail(ErrorCode::CorruptData,
                  "{} is missing at the archive's end: no Hearth wrote it, or it was not copied "
                  "whole",
                  kArchiveList);
    auto content = TRY(read_archive_list(list_));
    TRY(prove(content));
    return content;
  }

 private:
  struct Written {
    std::uint64_t bytes = 0;
    std::string sha256;
  };

  /// False at the archive's end.
  Result<bool> read_block(TarBlock& block) {
    if (!in_.read(block.data(), block.size())) return ends_too_soon();
    return !is_tar_end(block);
  }

  Result<std::string> text(std::uint64_t bytes, std::uint64_t most) {
    if (bytes > most)
      return fail(ErrorCode::CorruptData, "the archive holds a list of {} bytes", bytes);
    std::string text(bytes, '\0');
    if (!in_.read(text.data(), static_cast<std::streamsize>(bytes))) return ends_too_soon();
    in_.ignore(static_cast<std::streamsize>(tar_padding(bytes)));
    return text;
  }

  Result<void> take(const TarHeader& header) {
    if (header.type == '5') return {};  // folders are made as files need them
    if (header.type == 'g') {           // facts of all entries: none that would matter
      TRY(text(header.bytes, kLongestFacts));
      return {};
    }
    if (header.type != '0')
      return fail(ErrorCode::CorruptData,
                  "the archive holds \"{}\", which is a link or a device: a model has files only",
                  header.path.substr(0, 200));
    if (header.path == kArchiveList) {
      list_ = TRY(text(header.bytes, kLongestList));
      return {};
    }
    TRY(check_archived_path(header.path));
    if (written_.contains(header.path) || written_.size() >= kMostFiles)
      return fail(ErrorCode::CorruptData, "the archive holds \"{}\" twice, or too many files",
                  header.path);
    return unpack(header);
  }

  Result<void> unpack(const TarHeader& header) {
    const fs::path file = folder_ / header.path;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    base::Sha256 hash;
    for (std::uint64_t left = header.bytes; left > 0;) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left, kArchivePiece));
      if (!in_.read(piece_.data(), static_cast<std::streamsize>(length))) return ends_too_soon();
      hash.add(std::string_view(piece_.data(), length));
      out.write(piece_.data(), static_cast<std::streamsize>(length));
      left -= length;
      done_ += length;
      if (!progress_(done_))
        return fail(ErrorCode::Cancelled, "the import was stopped; nothing was put in place");
    }
    out.close();
    if (!out) return fail(ErrorCode::Io, "{} cannot be written: is the disk full?", file.string());
    in_.ignore(static_cast<std::streamsize>(tar_padding(header.bytes)));
    written_[header.path] = {.bytes = header.bytes, .sha256 = hash.hex()};
    return {};
  }

  Result<void> prove(const ArchiveContent& content) const {
    for (const ArchivedFile& file : content.files) {
      const auto found = written_.find(file.path);
      if (found == written_.end())
        return fail(ErrorCode::CorruptData, "{} is missing in the archive", file.path);
      if (found->second.bytes != file.bytes || found->second.sha256 != file.sha256)
        return fail(ErrorCode::CorruptData,
                    "{} is damaged: its hash is another; copy the archive again", file.path);
    }
    if (content.files.size() == written_.size()) return {};
    return fail(ErrorCode::CorruptData, "the archive holds files that its list does not name");
  }

  std::ifstream in_;
  fs::path folder_;
  const ArchiveProgress& progress_;
  std::vector<char> piece_ = std::vector<char>(kArchivePiece);
  std::string list_;
  std::map<std::string, Written> written_;
  std::uint64_t done_ = 0;
};

/// What an archive says it is called; it is read before anything is unpacked.
Result<std::string> name_of(const fs::path& archive) {
  std::ifstream in(archive, std::ios::binary);
  TarBlock block{};
  while (in.read(block.data(), block.size()) && !is_tar_end(block)) {
    const TarHeader header = TRY(read_tar_header(block));
    if (header.path != kArchiveList || header.bytes > kLongestList) {
      in.seekg(static_cast<std::streamoff>(header.bytes + tar_padding(header.bytes)),
               std::ios::cur);
      continue;
    }
    std::string text(header.bytes, '\0');
    if (!in.read(text.data(), static_cast<std::streamsize>(text.size()))) return ends_too_soon();
    return TRY(read_archive_list(text)).model;
  }
  if (!in) return ends_too_soon();
  return fail(ErrorCode::CorruptData,
              "{} is missing in the archive: no Hearth wrote it, or it was not copied whole",
              kArchiveList);
}

Result<void> check_archive(const fs::path& archive) {
  std::error_code error;
  if (fs::is_regular_file(archive, error) && std::ifstream(archive, std::ios::binary)) return {};
  return fail(ErrorCode::NotFound, "{} is no file that can be read", archive.string());
}

/// The model's new files go where the old ones were; those are gone only when the new ones stand.
Result<void> put_in_place(const fs::path& unpacked, const fs::path& target, bool overwrite) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  const fs::path old = unpacked.string() + "-old";
  const bool replaces = overwrite && fs::exists(fs::symlink_status(target, error));
  error.clear();
  if (replaces) fs::rename(target, old, error);
  if (!error) fs::rename(unpacked, target, error);
  if (error) {
    const std::string why = error.message();
    if (replaces && !fs::exists(target, error)) fs::rename(old, target, error);
    return fail(ErrorCode::Io, "the model cannot be put into {}: {}", target.string(), why);
  }
  fs::remove_all(old, error);
  return {};
}

Result<void> check_room(const ImportRequest& request) {
  std::error_code error;
  const auto bytes = fs::file_size(request.archive, error);
  const auto free = platform::free_disk_bytes(request.models.string());
  if (error || free >= bytes) return {};
  return fail(ErrorCode::Io, "{:.1f} GB are needed in {}, and {:.1f} GB are free there",
              static_cast<double>(bytes) / 1e9, request.models.string(),
              static_cast<double>(free) / 1e9);
}

}  // namespace

Result<ArchiveContent> import_model(const ImportRequest& request, const ArchiveProgress& progress) {
  TRY(check_archive(request.archive));
  const std::string name = request.name.empty()
                               ? TRY_IN(request.archive.string(), name_of(request.archive))
                               : request.name;
  TRY(hub::check_repository(name));
  const fs::path target = request.models / name;
  std::error_code error;
  if (!request.overwrite && fs::exists(fs::symlink_status(target, error)))
    return fail(ErrorCode::InvalidArgument,
                "there is a model {} already: say --force to replace it, or give this one another "
                "name with --as",
                name);
  TRY(check_room(request));
  std::string flat = name;
  std::ranges::replace(flat, '/', '+');
  const fs::path unpacked = request.models / (".import-" + flat);
  fs::create_directories(request.models, error);
  const auto lock = TRY(hub::FileLock::try_take(unpacked.string() + ".lock"));
  if (!lock)
    return fail(ErrorCode::InvalidArgument, "another program is importing {} right now", name);
  fs::remove_all(unpacked, error);  // of an import that was killed
  auto content = Unpacking(request.archive, unpacked, progress).run();
  if (content) {
    content->model = name;
    if (auto placed = put_in_place(unpacked, target, request.overwrite); !placed)
      content = fail(std::move(placed).error());
  }
  fs::remove_all(unpacked, error);
  fs::remove(unpacked.string() + ".lock", error);
  if (!content && content.error().code != ErrorCode::Cancelled)
    return fail_in(request.archive.string(), std::move(content).error());
  return content;
}

}  // namespace hearth::services
