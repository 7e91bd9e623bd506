// Maps regions in whole huge pages and cuts them into pieces.
#include "kernels/weight_memory.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <sys/mman.h>

namespace hearth::kernels {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kRegion = std::size_t{64} << 20;
constexpr std::size_t kCacheLine = 64;

std::size_t rounded(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::atomic<std::size_t> held{0};

class Region {
 public:
  explicit Region(std::size_t bytes) : mapped_(rounded(bytes, kHugePage) + kHugePage) {
    map_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map_ == MAP_FAILED) throw std::bad_alloc();
    const std::size_t ahead = kHugePage - reinterpret_cast<std::uintptr_t>(map_) % kHugePage;
    begin_ = static_cast<std::uint8_t*>(map_) + ahead % kHugePage;
    size_ = mapped_ - kHugePage;
#ifdef MADV_HUGEPAGE
    ::madvise(begin_, size_, MADV_HUGEPAGE);  // a wish: without it pages are small
#endif
  }
  ~Region() {
    ::munmap(map_, mapped_);
    held -= used_;
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  /// nullptr where the rest is too small.
  std::uint8_t* take(std::size_t bytes) {
    if (size_ - used_ < bytes) return nullptr;
    std::uint8_t* piece = begin_ + used_;
    const std::size_t taken = std::min(rounded(bytes, kCacheLine), size_ - used_);
    used_ += taken;
    held += taken;
    return piece;
  }

 private:
  std::size_t mapped_;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
  void* map_ = nullptr;
  std::uint8_t* begin_ = nullptr;
};

}  // namespace

std::shared_ptr<std::uint8_t> weight_memory(std::size_t bytes) {
  static std::mutex mutex;
  static std::weak_ptr<Region> latest;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Region> region = latest.lock();
  std::uint8_t* piece = region ? region->take(bytes) : nullptr;
  if (piece == nullptr) {
    region = std::make_shared<Region>(std::max(bytes, kRegion));
    piece = region->take(bytes);
    latest = region;
  }
  return {region, piece};
}

std::size_t weight_memory_held() {
  return held;
}

}  // namespace hearth::kernels
