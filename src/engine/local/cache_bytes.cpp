// Copies between MLX arrays and plain bytes.
#include "engine/local/cache_bytes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace hearth::engine {
namespace {

namespace mx = nn::mx;

using Name = std::pair<std::string_view, mx::Dtype>;

const auto kDtypes = std::to_array<Name>({
    {"F32", mx::float32},
    {"F16", mx::float16},
    {"BF16", mx::bfloat16},
    {"U32", mx::uint32},
    {"U8", mx::uint8},
});

Result<CacheTensor> to_tensor(const std::string& name, const mx::array& array) {
  const auto* dtype = std::ranges::find(kDtypes, array.dtype(), &Name::second);
  if (dtype == kDtypes.end())
    return fail(ErrorCode::Internal, "{} is held in a dtype that no file has", name);
  mx::array whole = mx::contiguous(array);
  mx::eval(whole);
  CacheTensor tensor{.name = name,
                     .dtype = std::string(dtype->first),
                     .shape = {whole.shape().begin(), whole.shape().end()},
                     .bytes = std::vector<std::byte>(whole.nbytes()),
                     .of_pages = name.find(".states.") == std::string::npos};
  if (!tensor.bytes.empty())
    std::memcpy(tensor.bytes.data(), whole.data<std::uint8_t>(), tensor.bytes.size());
  return tensor;
}

Result<mx::array> to_array(const CacheTensor& tensor) {
  const auto* dtype = std::ranges::find(kDtypes, tensor.dtype, &Name::first);
  std::size_t bytes = dtype == kDtypes.end() ? 0 : mx::size_of(dtype->second);
  for (const std::int32_t length : tensor.shape)
    bytes *= static_cast<std::size_t>(std::max(length, 0));
  if (dtype == kDtypes.end() || bytes != tensor.bytes.size())
    return fail(ErrorCode::CorruptData,
                "\"{}\" holds {} bytes, which is not what a {} of its shape takes", tensor.name,
                tensor.bytes.size(), tensor.dtype);
  const mx::Shape shape(tensor.shape.begin(), tensor.shape.end());
  if (bytes == 0) return mx::zeros(shape, dtype->second);
  auto data = mx::allocator::malloc(bytes);
  if (data.buffer().ptr() == nullptr)
    return fail(ErrorCode::OutOfMemory, "\"{}\": no memory for {} bytes", tensor.name, bytes);
  std::memcpy(mx::allocator::Buffer(data.buffer()).raw_ptr(), tensor.bytes.data(), bytes);
  return mx::array(std::move(data), shape, dtype->second);
}

}  // namespace

Result<std::vector<CacheTensor>> to_bytes(const std::map<std::string, mx::array>& arrays) {
  std::vector<CacheTensor> tensors;
  for (const auto& [name, array] : arrays) tensors.push_back(TRY(to_tensor(name, array)));
  return tensors;
}

Result<std::map<std::string, mx::array>> to_arrays(const std::vector<CacheTensor>& tensors) {
  std::map<std::string, mx::array> arrays;
  for (const CacheTensor& tensor : tensors) arrays.emplace(tensor.name, TRY(to_array(tensor)));
  return arrays;
}

}  // namespace hearth::engine
