// Links, copies of headers, and what becomes free when.
#include "convert/consumed_source.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <system_error>

#include "convert/freed_bytes.h"
#include "convert/shard_file.h"
#include "nn/file.h"
#include "nn/safetensors_header.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLinks = "source";

bool is_weights(const fs::path& file) {
  return file.extension() == ".safetensors";
}

/// What stands in front of the tensors.
Result<std::string> header_of(const fs::path& path) {
  const nn::File file = TRY(nn::File::open(path));
  std::string prefix(std::min<std::uint64_t>(nn::kSafetensorsPrefix, file.size()), '\0');
  TRY(file.read(0, std::as_writable_bytes(std::span(prefix))));
  const auto length = TRY_IN(file.name(), nn::safetensors_header_bytes(prefix, file.size()));
  std::string header(nn::kSafetensorsPrefix + static_cast<std::size_t>(length), '\0');
  TRY(file.read(0, std::as_writable_bytes(std::span(header))));
  return header;
}

/// A file of the same size and time that holds the header alone: the rest is a hole.
Result<void> copy_header(const fs::path& original, const fs::path& copy) {
  const std::string header = TRY(header_of(original));
  std::error_code error;
  const auto bytes = fs::file_size(original, error);
  const auto time = fs::last_write_time(original, error);
  if (!error) TRY(write_whole(copy, header));
  if (!error) fs::resize_file(copy, bytes, error);
  if (!error) fs::last_write_time(copy, time, error);
  if (error) return fail(ErrorCode::Io, "{}: {}", copy.string(), error.message());
  return {};
}

}  // namespace

fs::path ConsumedSource::readable(const fs::path& source, const fs::path& hidden) {
  return begun(hidden) ? hidden / kLinks : source;
}

bool ConsumedSource::begun(const fs::path& hidden) {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(hidden / kLinks, error))
    if (is_weights(item.path()) && !item.is_symlink(error)) return true;
  return false;
}

Result<void> ConsumedSource::check(const fs::path& source, const fs::path& hidden) {
  std::error_code error;
  const fs::path folder = fs::canonical(source, error);
  for (const auto& item : fs::directory_iterator(folder, error))
    if (const fs::path& file = item.path(); is_weights(file) && !gone(hidden, file.filename()))
      TRY(bytes_to_free(file));
  if (error)
    return fail(ErrorCode::Io, "cannot look through {}: {}", source.string(), error.message());
  return {};
}

Result<ConsumedSource> ConsumedSource::open(const fs::path& source, const fs::path& hidden) {
  ConsumedSource consumed;
  std::error_code error;
  consumed.source_ = fs::canonical(source, error);
  consumed.hidden_ = hidden;
  const fs::path links = hidden / kLinks;
  if (!error) fs::create_directories(links, error);
  for (const auto& item : fs::directory_iterator(consumed.source_, error)) {
    const fs::path link = links / item.path().filename();
    if (!error && !fs::exists(fs::symlink_status(link, error)))
      fs::create_symlink(item.path(), link, error);
  }
  if (error)
    return fail(ErrorCode::Io, "cannot make links in {}: {}", links.string(), error.message());
  return consumed;
}

bool ConsumedSource::gone(const fs::path& hidden, const std::string& file) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(hidden / kLinks / file, error));
}

Result<void> ConsumedSource::consume(const std::string& file) const {
  const fs::path original = source_ / file;
  if (!gone(hidden_, file)) {
    TRY(bytes_to_free(original));
    const fs::path copy = hidden_ / kLinks / (file + ".header");
    TRY(copy_header(original, copy));
    std::error_code error;
    fs::rename(copy, hidden_ / kLinks / file, error);
    if (error) return fail(ErrorCode::Io, "cannot rename {}: {}", copy.string(), error.message());
  }
  return free_bytes(original);
}

void ConsumedSource::close(const fs::path& target) {
  std::error_code ignored;
  fs::remove_all(target / kLinks, ignored);
}

std::vector<std::string> files_of(const Weight& weight, const SourceTensors& source) {
  std::set<std::string> files;
  const auto& tensors = source.checkpoint().tensors();
  for (const RowRange& range : weight.ranges) {
    const StoredTensor& stored = source.at(range.tensor);
    for (const std::string& name : {stored.codes, stored.scales, stored.biases})
      if (const auto found = tensors.find(name); found != tensors.end())
        files.insert(source.checkpoint().file_name(found->second));
  }
  return {files.begin(), files.end()};
}

LastUses last_uses(const std::vector<Shard>& shards, const std::vector<Weight>& weights,
                   const SourceTensors& source) {
  LastUses uses;
  for (const auto& [name, tensor] : source.checkpoint().tensors())
    uses.files[source.checkpoint().file_name(tensor)].bytes += tensor.entry.bytes;
  for (std::size_t i = 0; i < shards.size(); ++i)
    for (const std::size_t weight : shards[i].weights)
      for (const std::string& file : files_of(weights[weight], source))
        uses.files[file].last_shard = i;
  return uses;
}

std::uint64_t LastUses::peak_bytes(const std::vector<Shard>& shards, std::size_t first) const {
  std::int64_t held = 0;
  std::int64_t peak = 0;
  for (std::size_t i = first; i < shards.size(); ++i) {
    held += static_cast<std::int64_t>(shards[i].file_bytes());
    peak = std::max(peak, held);
    for (const auto& [name, file] : files)
      if (file.last_shard == i) held -= static_cast<std::int64_t>(file.bytes);
  }
  return static_cast<std::uint64_t>(peak);
}

}  // namespace hearth::convert
