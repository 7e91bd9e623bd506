// A piece of a model's cache as plain bytes: what leaves the device for a file, and comes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hearth::engine {

/// One array of one layer, of some pages or of one recurrent state. Rows of pages lie in the order
/// of the pages, as many for each.
struct CacheTensor {
  std::string name;                 ///< within the cache: layers.0.keys
  std::string dtype;                ///< as safetensors spells it: F32, BF16, U32 ...
  std::vector<std::int32_t> shape;  ///< the first dimension grows with the pages
  std::vector<std::byte> bytes;     ///< row-major
  bool of_pages = true;             ///< false: of a state

  bool operator==(const CacheTensor&) const = default;
};

/// Puts the pages of `more` behind those of `tensors`; what is new there is added. Both are pieces
/// of one cache.
void append_pages(std::vector<CacheTensor>& tensors, std::vector<CacheTensor> more);

/// Pages [first, first + count) of tensors that hold `pages` pages; states are left out.
std::vector<CacheTensor> take_pages(const std::vector<CacheTensor>& tensors, std::size_t pages,
                                    std::size_t first, std::size_t count);

/// The states alone.
std::vector<CacheTensor> take_states(const std::vector<CacheTensor>& tensors);

}  // namespace hearth::engine
