// The head of a GGUF file to be written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gguf/header.h"

namespace hearth::gguf {

/// A tensor to be written, in the order of the data.
struct PlannedTensor {
  std::string name;
  TensorType type = TensorType::F32;
  std::vector<std::int32_t> shape;  ///< the row's width last

  std::uint64_t bytes() const;
};

/// `bytes` and what it takes to the next multiple of the usual alignment.
std::uint64_t aligned(std::uint64_t bytes);

/// All that stands in front of the data of a version 3 file, filled up to the alignment: each
/// tensor's data follow in order, each filled up with zeros to `aligned(bytes())`.
std::string header_text(const Metadata& metadata, const std::vector<PlannedTensor>& tensors);

}  // namespace hearth::gguf
