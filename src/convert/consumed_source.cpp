// Links, stubs, and what becomes free when.
#include "convert/consumed_source.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <system_error>

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
Result<void> write_stub(const fs::path& original, const fs::path& stub) {
  const std::string header = TRY(header_of(original));
  std::error_code error;
  const auto bytes = fs::file_size(original, error);
  const auto time = fs::last_write_time(original, error);
  if (!error) TRY(write_whole(stub, header));
  if (!error) fs::resize_file(stub, bytes, error);
  if (!error) fs::last_write_time(stub, time, error);
  if (error) return fail(ErrorCode::Io, "{}: {}", stub.string(), error.message());
  return {};
}

Result<void> check_own(const fs::path& file) {
  std::error_code error;
  if (fs::is_symlink(file, error) || fs::hard_link_count(file, error) > 1)
    return fail(ErrorCode::UnsupportedArgument,
                "{} is a link or has other names, as in the Hub's cache, so it cannot be given up "
                "for its space; convert without --in-place-space, then hearth rm the source",
                file.filename().string());
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

Result<ConsumedSource> ConsumedSource::open(const fs::path& source, const fs::path& hidden) {
  ConsumedSource consumed;
  consumed.source_ = source;
  consumed.hidden_ = hidden;
  const fs::path links = hidden / kLinks;
  std::error_code error;
  fs::create_directories(links, error);
  for (const auto& item : fs::directory_iterator(source, error)) {
    if (is_weights(item.path())) TRY(check_own(item.path()));
    const fs::path link = links / item.path().filename();
    if (!error && !fs::exists(fs::symlink_status(link, error)))
      fs::create_symlink(fs::absolute(item.path()), link, error);
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
  std::error_code error;
  if (!gone(hidden_, file)) {
    const fs::path stub = hidden_ / kLinks / (file + ".stub");
    TRY(write_stub(original, stub));
    fs::rename(stub, hidden_ / kLinks / file, error);
    if (error) return fail(ErrorCode::Io, "cannot rename {}: {}", stub.string(), error.message());
  }
  if (!fs::exists(original, error)) return {};
  fs::resize_file(original, 0, error);  // it is open, and an open file keeps its space
  if (!error) fs::remove(original, error);
  if (error) return fail(ErrorCode::Io, "cannot remove {}: {}", original.string(), error.message());
  return {};
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
