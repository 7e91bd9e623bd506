// Pressure stall information, and macOS's levels.
#include "platform/memory_pressure.h"

#include <charconv>
#ifdef __APPLE__
#include <sys/sysctl.h>
#else
#include <fstream>
#include <iterator>
#include <string>
#endif

namespace hearth::platform {
namespace {

/// The number behind `avg10=` in the line that begins with `kind`.
std::optional<double> share(std::string_view text, std::string_view kind) {
  constexpr std::string_view kKey = "avg10=";
  const auto line = text.find(kind);
  if (line == std::string_view::npos) return std::nullopt;
  text = text.substr(line, text.find('\n', line) - line);
  const auto at = text.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kKey.size());
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<MemoryPressure> read_pressure(std::string_view text) {
  const auto some = share(text, "some ");
  const auto full = share(text, "full ");
  if (!some || !full) return std::nullopt;
  return MemoryPressure{.some = *some, .full = *full};
}

#ifdef __APPLE__

std::optional<MemoryPressure> memory_pressure() {
  int level = 0;
  std::size_t size = sizeof level;
  if (::sysctlbyname("kern.memorystatus_vm_pressure_level", &level, &size, nullptr, 0) != 0)
    return std::nullopt;
  constexpr int kWarning = 2;
  return MemoryPressure{.some = level >= kWarning ? 100.0 : 0.0, .full = 0};
}

#else

std::optional<MemoryPressure> memory_pressure() {
  std::ifstream file("/proc/pressure/memory");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return read_pressure(text);
}

#endif

}  // namespace hearth::platform
