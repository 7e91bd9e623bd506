// Maps regions that the system fills when they are touched.
#include "kernels/page_memory.h"

#include <atomic>
#include <sys/mman.h>

namespace hearth::kernels {

namespace {

#ifdef MAP_NORESERVE
constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
#else
constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif

std::atomic<std::size_t> reserved{0};

}  // namespace

std::shared_ptr<std::uint8_t> page_memory(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  void* map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (map == MAP_FAILED) return nullptr;
  reserved += bytes;
  return {static_cast<std::uint8_t*>(map), [bytes](std::uint8_t* begin) {
            ::munmap(begin, bytes);
            reserved -= bytes;
          }};
}

std::size_t page_memory_reserved() {
  return reserved;
}

}  // namespace hearth::kernels
