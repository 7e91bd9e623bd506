// Bytes as people read them.
#include "services/memory_text.h"

#include <fmt/format.h>

namespace hearth::services {

std::string memory_text(std::uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  return number < 1e9 ? fmt::format("{:.0f} MB", number / 1e6)
                      : fmt::format("{:.1f} GB", number / 1e9);
}

}  // namespace hearth::services
