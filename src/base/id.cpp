// Random identifiers from getrandom / arc4random.
#include "base/id.h"

#include <cstdlib>
#include <sys/random.h>

namespace hearth::base {

std::uint64_t random_u64() {
  std::uint64_t bits = 0;
  if (::getentropy(&bits, sizeof bits) != 0)
    std::abort();  // cannot fail for 8 bytes on a sane system
  return bits;
}

std::string random_id(std::string_view prefix, std::size_t digits) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string id(prefix);
  id.reserve(prefix.size() + digits);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = random_u64();
    id.push_back(kHex[bits & 15]);
    bits >>= 4;
  }
  return id;
}

}  // namespace hearth::base
