// Putting pieces of a cache together and taking them apart.
#include "engine/prompts/cache_tensor.h"

#include <algorithm>
#include <utility>

namespace hearth::engine {

void append_pages(std::vector<CacheTensor>& tensors, std::vector<CacheTensor> more) {
  for (CacheTensor& piece : more) {
    const auto whole = std::ranges::find(tensors, piece.name, &CacheTensor::name);
    if (whole == tensors.end()) {
      tensors.push_back(std::move(piece));
      continue;
    }
    whole->shape.front() += piece.shape.front();
    whole->bytes.insert(whole->bytes.end(), piece.bytes.begin(), piece.bytes.end());
  }
}

std::vector<CacheTensor> take_pages(const std::vector<CacheTensor>& tensors, std::size_t pages,
                                    std::size_t first, std::size_t count) {
  std::vector<CacheTensor> pieces;
  for (const CacheTensor& whole : tensors) {
    if (!whole.of_pages) continue;
    CacheTensor piece{.name = whole.name, .dtype = whole.dtype, .shape = whole.shape, .bytes = {}};
    const auto rows = static_cast<std::size_t>(whole.shape.front()) / pages;
    piece.shape.front() = static_cast<std::int32_t>(rows * count);
    const std::size_t page_bytes = whole.bytes.size() / pages;
    const auto begin = whole.bytes.begin() + static_cast<std::ptrdiff_t>(first * page_bytes);
    piece.bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(count * page_bytes));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

std::vector<CacheTensor> take_states(const std::vector<CacheTensor>& tensors) {
  std::vector<CacheTensor> states;
  std::ranges::copy_if(tensors, std::back_inserter(states),
                       [](const CacheTensor& tensor) { return !tensor.of_pages; });
  return states;
}

}  // namespace hearth::engine
