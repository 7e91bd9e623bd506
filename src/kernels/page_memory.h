// Memory for pages of keys and values: reserved at once, taken as it fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hearth::kernels {

/// Addresses of `bytes` zeros, aligned to 64 bytes. Memory is taken where something is written, and
/// goes back to the system with the last owner. nullptr where the system refuses (limits of address
/// space, strict overcommitment): take what is needed from elsewhere then. Any thread.
std::shared_ptr<std::uint8_t> page_memory(std::size_t bytes);

/// Bytes of addresses that are reserved, used or not. Any thread.
std::size_t page_memory_reserved();

}  // namespace hearth::kernels
