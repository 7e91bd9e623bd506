// Opens the parts of a model and reads rows out of them.
#include "gguf/model_file.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "gguf/dequantise.h"

namespace hearth::gguf {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMaxParts = 10'000;

Result<std::int64_t> part_count(const Metadata& metadata) {
  const Value* count = find(metadata, "split.count");
  if (!count) return std::int64_t{1};
  const auto parts = count->whole().value_or(-1);
  if (parts < 0 || parts > kMaxParts)
    return fail(ErrorCode::CorruptData, "metadata \"split.count\" is no sensible number of parts");
  return std::max<std::int64_t>(parts, 1);
}

/// NAME of NAME-00002-of-00003.gguf, where the name is of that form with this number of parts.
std::optional<std::string> split_stem(const std::string& name, std::int64_t parts) {
  const std::string ending = fmt::format("-of-{:05}.gguf", parts);
  constexpr std::size_t kDigits = 5;
  if (!name.ends_with(ending) || name.size() <= ending.size() + kDigits) return {};
  const std::size_t dash = name.size() - ending.size() - kDigits - 1;
  if (name[dash] != '-') return {};
  return name.substr(0, dash);
}

}  // namespace

Result<void> ModelFile::add(const fs::path& path) {
  base::File file = TRY(base::File::open(path));
  const auto read = [&file](std::uint64_t offset, std::span<std::byte> out) {
    return file.read(offset, out);
  };
  Header header = TRY_IN(file.name(), read_header(file.size(), read));
  for (auto& [name, info] : header.tensors) {
    info.file = files_.size();
    if (!tensors_.try_emplace(name, std::move(info)).second)
      return fail(ErrorCode::CorruptData, "{}: tensor \"{}\" is also in {}", file.name(), name,
                  name_of(tensors_.find(name)->second));
  }
  if (files_.empty()) metadata_ = std::move(header.metadata);
  files_.push_back(std::move(file));
  paths_.push_back(path);
  return {};
}

Result<ModelFile> ModelFile::open(const fs::path& path) {
  ModelFile model;
  TRY(model.add(path));
  const std::string name = path.filename().string();
  const auto parts = TRY_IN(name, part_count(model.metadata_));
  if (parts == 1) return model;
  const auto stem = split_stem(name, parts);
  if (!stem)
    return fail(ErrorCode::CorruptData,
                "{}: is one of {} parts, but its name does not end in -00001-of-{:05}.gguf, by "
                "which the others are found",
                name, parts, parts);
  ModelFile whole;
  for (std::int64_t part = 1; part <= parts; ++part)
    TRY(whole.add(path.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", *stem, part, parts)));
  return whole;
}

std::uint64_t ModelFile::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, tensor] : tensors_) sum += tensor.bytes;
  return sum;
}

Result<void> ModelFile::read_blocks(const TensorInfo& tensor, std::int64_t first,
                                    std::int64_t count, std::span<std::byte> out) const {
  const std::uint64_t row = tensor.row_bytes();
  assert(first >= 0 && count >= 0 && first + count <= tensor.rows());
  assert(out.size() == static_cast<std::uint64_t>(count) * row);
  return files_[tensor.file].read(tensor.offset + static_cast<std::uint64_t>(first) * row, out);
}

Result<void> ModelFile::read_rows(const TensorInfo& tensor, std::int64_t first, std::int64_t count,
                                  std::span<float> out) const {
  std::vector<std::byte> blocks(static_cast<std::size_t>(count) * tensor.row_bytes());
  TRY(read_blocks(tensor, first, count, blocks));
  dequantise(tensor.type, blocks, out);
  return {};
}

}  // namespace hearth::gguf
