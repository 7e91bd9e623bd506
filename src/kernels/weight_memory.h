// Memory for weights in the kernels' own layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hearth::kernels {

/// `bytes` zeros, aligned to 64 bytes, in huge pages where the system has them: weights are read
/// once per token, and with pages of 4 KB looking up addresses takes a tenth of that time. Small
/// pieces share a region; it goes back to the system with the last of them.
/// Throws std::bad_alloc. Any thread.
std::shared_ptr<std::uint8_t> weight_memory(std::size_t bytes);

/// Bytes of all pieces whose regions are held. Any thread.
std::size_t weight_memory_held();

}  // namespace hearth::kernels
