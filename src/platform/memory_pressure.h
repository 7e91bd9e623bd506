// Whether this machine is short of memory, as its kernel sees it.
#pragma once

#include <optional>
#include <string_view>

namespace hearth::platform {

/// Shares of the last ten seconds, in percent, in which somebody waited for memory (`some`), or all
/// who had work did (`full`).
struct MemoryPressure {
  double some = 0;
  double full = 0;

  /// Memory is so short that the machine is about to become slow for everybody.
  bool high() const { return some >= 20 || full >= 5; }
};

/// Linux: /proc/pressure/memory. macOS: the kernel's own levels, as shares that mean the same.
/// Nothing where the system does not tell.
std::optional<MemoryPressure> memory_pressure();

/// The text of /proc/pressure/memory; nothing if it is something else.
std::optional<MemoryPressure> read_pressure(std::string_view text);

}  // namespace hearth::platform
