// Puts reserved memory under an MLX array.
#include "nn/reserved_rows.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <mlx/allocator.h>

#include "kernels/page_memory.h"

namespace hearth::nn {

namespace {

constexpr std::size_t kLine = 64;

/// Whether a buffer of MLX is what it is in a build for the CPU alone: its size, then its bytes.
bool buffers_are_plain() {
  constexpr std::size_t kProbe = 192;
  const mx::allocator::Data probe = mx::allocator::malloc(kProbe);
  mx::allocator::Buffer buffer = probe.buffer();
  const auto* begin = static_cast<const std::uint8_t*>(buffer.ptr());
  if (static_cast<const std::uint8_t*>(buffer.raw_ptr()) != begin + sizeof(std::size_t))
    return false;
  std::size_t size = 0;
  std::memcpy(&size, begin, sizeof size);
  return size >= kProbe;  // an older buffer may serve again, and be larger
}

}  // namespace

std::optional<mx::array> reserved_rows(std::size_t rows, int width, mx::Dtype dtype) {
  static const bool plain = buffers_are_plain();
  const std::size_t row = static_cast<std::size_t>(width) * mx::size_of(dtype);
  if (!plain || rows == 0 || row == 0 || rows > std::numeric_limits<int>::max()) return {};
  const std::size_t bytes = rows * row;
  auto memory = kernels::page_memory(bytes + kLine);
  if (!memory) return {};
  std::uint8_t* header = memory.get() + kLine - sizeof bytes;  // the bytes begin with a line
  std::memcpy(header, &bytes, sizeof bytes);
  mx::allocator::Data data(mx::allocator::Buffer(header),
                           [memory = std::move(memory)](mx::allocator::Buffer) {});
  return mx::array(std::move(data), {static_cast<int>(rows), width}, dtype);
}

void put_blocks(mx::array& reserved, std::span<const std::int32_t> blocks,
                const mx::array& content) {
  if (blocks.empty()) return;
  mx::array plain = mx::contiguous(content);
  mx::eval(reserved, plain);
  const std::size_t block = plain.nbytes() / blocks.size();
  const auto* from = plain.data<std::uint8_t>();
  auto* to = reserved.data<std::uint8_t>();
  for (std::size_t i = 0; i < blocks.size(); ++i)
    std::memcpy(to + static_cast<std::size_t>(blocks[i]) * block, from + i * block, block);
}

}  // namespace hearth::nn
