// For tests: GGUF files out of a few numbers.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gguf/header_text.h"
#include "gguf/quantise.h"

namespace hearth::gguf::testing {

/// A tensor to be stored, with its bytes.
struct Stored {
  PlannedTensor plan;
  std::string bytes;
};

/// Numbers, rounded to a kind that Hearth writes.
inline Stored stored(std::string name, TensorType type, std::vector<std::int32_t> shape,
                     const std::vector<float>& numbers) {
  std::vector<std::byte> blocks;
  quantise(type, numbers, blocks);
  return {.plan = {.name = std::move(name), .type = type, .shape = std::move(shape)},
          .bytes = std::string(reinterpret_cast<const char*>(blocks.data()), blocks.size())};
}

/// The whole file.
inline std::string file_bytes(const Metadata& metadata, const std::vector<Stored>& tensors) {
  std::vector<PlannedTensor> plans;
  plans.reserve(tensors.size());
  for (const Stored& tensor : tensors) plans.push_back(tensor.plan);
  std::string bytes = header_text(metadata, plans);
  for (const Stored& tensor : tensors) {
    bytes += tensor.bytes;
    bytes.resize(static_cast<std::size_t>(aligned(bytes.size())), '\0');
  }
  return bytes;
}

/// Reads out of a text as out of a file.
inline ReadAt reading(std::string_view bytes) {
  return [bytes](std::uint64_t offset, std::span<std::byte> out) -> Result<void> {
    if (offset > bytes.size() || out.size() > bytes.size() - offset)
      return fail(ErrorCode::Internal, "a read beyond the end");
    if (!out.empty()) std::memcpy(out.data(), bytes.data() + offset, out.size());
    return {};
  };
}

}  // namespace hearth::gguf::testing
