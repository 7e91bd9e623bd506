// Finds the safetensors files of a folder and reads tensors out of them.
#include "nn/checkpoint.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <set>
#include <utility>

#include "base/weight_index.h"

namespace hearth::nn {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSingle = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::uint64_t kIndexLimit = 256'000'000;

const auto kDtypes = std::to_array<std::pair<std::string_view, mx::Dtype>>({
    {"F32", mx::float32},
    {"F16", mx::float16},
    {"BF16", mx::bfloat16},
    {"U32", mx::uint32},
    {"I32", mx::int32},
    {"U8", mx::uint8},
    {"I8", mx::int8},
    {"U16", mx::uint16},
    {"I16", mx::int16},
    {"I64", mx::int64},
    {"U64", mx::uint64},
    {"BOOL", mx::bool_},
    {"F8_E4M3", mx::uint8},  // as bytes: MLX has no arrays of 8-bit floats
    {"F8_E8M0", mx::uint8},
});

Result<base::WeightMap> read_index(const fs::path& path) {
  const File file = TRY(File::open(path));
  const std::string text = TRY(file.text(kIndexLimit));
  return TRY_IN(kIndex, base::parse_weight_index(text));
}

/// model-00001-of-00003.safetensors and its kin, in order; none missing.
Result<std::vector<std::string>> shards_without_index(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) {
    const std::string name = item.path().filename().string();
    if (name.starts_with("model-") && name.ends_with(".safetensors")) names.push_back(name);
  }
  if (error) return fail(ErrorCode::Io, "cannot list the folder: {}", error.message());
  std::ranges::sort(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto expected = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, names.size());
    if (names[i] != expected)
      return fail(ErrorCode::NotFound, "{}: is missing beside {} (an interrupted download?)",
                  expected, names.back());
  }
  return names;
}

Result<TensorTable> read_table(const File& file) {
  std::string prefix(std::min<std::uint64_t>(kSafetensorsPrefix, file.size()), '\0');
  TRY(file.read(0, std::as_writable_bytes(std::span(prefix))));
  const auto length = TRY_IN(file.name(), safetensors_header_bytes(prefix, file.size()));
  std::string text(static_cast<std::size_t>(length), '\0');
  TRY(file.read(kSafetensorsPrefix, std::as_writable_bytes(std::span(text))));
  return TRY_IN(file.name(), parse_safetensors_header(text, file.size()));
}

Result<void> check_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return fail(ErrorCode::NotFound, "{}: there is no such folder", folder.string());
  return {};
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const fs::path& folder) {
  TRY(check_folder(folder));
  Checkpoint checkpoint;
  if (fs::exists(folder / kSingle)) {
    TRY(checkpoint.add_file(folder / kSingle));
    return checkpoint;
  }
  if (!fs::exists(folder / kIndex)) {
    const auto names = TRY(shards_without_index(folder));
    if (names.empty())
      return fail(ErrorCode::NotFound,
                  "{}: there is neither {} nor {} (other formats must be "
                  "converted first)",
                  folder.filename().string(), kSingle, kIndex);
    for (const std::string& name : names) TRY(checkpoint.add_file(folder / name));
    return checkpoint;
  }
  const auto weight_map = TRY(read_index(folder / kIndex));
  std::set<std::string> names;
  for (const auto& [tensor, file] : weight_map) names.insert(file);
  for (const std::string& name : names) {
    auto added = checkpoint.add_file(folder / name);
    if (!added) return fail_in(fmt::format("{} lists", kIndex), std::move(added).error());
  }
  for (const auto& [tensor, file] : weight_map) {
    const auto found = checkpoint.tensors_.find(tensor);
    if (found == checkpoint.tensors_.end() || checkpoint.file_name(found->second) != file)
      return fail(ErrorCode::CorruptData, "{}: tensor \"{}\" is not in {}, where {} puts it", file,
                  tensor, file, kIndex);
  }
  return checkpoint;
}

Result<Checkpoint> Checkpoint::open_file(const fs::path& path) {
  Checkpoint checkpoint;
  TRY(checkpoint.add_file(path));
  return checkpoint;
}

Result<void> Checkpoint::add_file(const fs::path& path) {
  File file = TRY(File::open(path));
  TensorTable table = TRY(read_table(file));
  for (auto& [name, entry] : table) {
    const auto [place, fresh] = tensors_.try_emplace(name, Tensor{files_.size(), std::move(entry)});
    if (!fresh)
      return fail(ErrorCode::CorruptData, "{}: tensor \"{}\" is also in {}", file.name(), name,
                  file_name(place->second));
  }
  files_.push_back(std::move(file));
  return {};
}

std::uint64_t Checkpoint::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, tensor] : tensors_) sum += tensor.entry.bytes;
  return sum;
}

Result<void> Checkpoint::read_bytes(const Tensor& tensor, std::uint64_t offset,
                                    std::span<std::byte> out) const {
  return files_[tensor.file].read(tensor.entry.offset + offset, out);
}

Result<mx::array> Checkpoint::read(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return fail(ErrorCode::NotFound, "there is no tensor \"{}\"", name);
  const auto& shape = found->second.entry.shape;
  return read_array(name, found->second, 0, mx::Shape(shape.begin(), shape.end()));
}

Result<mx::array> Checkpoint::read_part(std::string_view name, std::uint64_t first,
                                        std::uint64_t count, int width) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return fail(ErrorCode::NotFound, "there is no tensor \"{}\"", name);
  const std::uint64_t rows = count / static_cast<std::uint64_t>(width);
  assert(first + count <= found->second.entry.elements() && count % rows == 0);
  return read_array(name, found->second, first, {static_cast<int>(rows), width});
}

Result<mx::array> Checkpoint::read_array(std::string_view name, const Tensor& tensor,
                                         std::uint64_t first, mx::Shape shape) const {
  const auto& [file, entry] = tensor;
  const auto* dtype =
      std::ranges::find(kDtypes, entry.dtype, &decltype(kDtypes)::value_type::first);
  if (dtype == kDtypes.end())
    return fail(ErrorCode::UnsupportedArgument,
                "{}: tensor \"{}\" has dtype {}, which is not "
                "supported (supported: F32, F16, BF16, F8_E4M3, F8_E8M0, integers)",
                files_[file].name(), name, entry.dtype);
  std::uint64_t bytes = dtype->second.size();
  for (const int length : shape) bytes *= static_cast<std::uint64_t>(length);
  auto data = mx::allocator::malloc(static_cast<std::size_t>(bytes));
  if (bytes > 0 && data.buffer().ptr() == nullptr)
    return fail(ErrorCode::OutOfMemory, "{}: tensor \"{}\": no memory for {} bytes",
                files_[file].name(), name, bytes);
  auto* out = static_cast<std::byte*>(mx::allocator::Buffer(data.buffer()).raw_ptr());
  TRY_IN(fmt::format("tensor \"{}\"", name),
         files_[file].read(entry.offset + first * dtype->second.size(),
                           {out, static_cast<std::size_t>(bytes)}));
  return mx::array(std::move(data), std::move(shape), dtype->second);
}

}  // namespace hearth::nn
