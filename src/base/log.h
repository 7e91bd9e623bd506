// The log: one line per event on standard error (and a file where set), with time, level, thread
// and folder.
#pragma once

#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

namespace hearth::base {

enum class LogLevel { Debug, Info, Warn, Error, Off };

/// The level with that name (debug, info, warn, error, off), or nothing.
std::optional<LogLevel> log_level(std::string_view name);

/// Sets the level and, if given, a file that receives the lines too. Call once at start.
/// @returns false if the file cannot be opened; the terminal still gets the lines.
bool start_log(LogLevel level, const std::optional<std::filesystem::path>& file = std::nullopt);

bool log_enabled(LogLevel level);

/// Writes one line. Any thread. Never prompt or answer text above Debug.
void log_line(LogLevel level, std::string_view folder, std::string_view text);

template <class... Args>
void log(LogLevel level, std::string_view folder, fmt::format_string<Args...> format,
         Args&&... args) {
  if (log_enabled(level)) log_line(level, folder, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace hearth::base

namespace hearth {

template <class... Args>
void log_debug(std::string_view folder, fmt::format_string<Args...> format, Args&&... args) {
  base::log(base::LogLevel::Debug, folder, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(std::string_view folder, fmt::format_string<Args...> format, Args&&... args) {
  base::log(base::LogLevel::Info, folder, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(std::string_view folder, fmt::format_string<Args...> format, Args&&... args) {
  base::log(base::LogLevel::Warn, folder, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(std::string_view folder, fmt::format_string<Args...> format, Args&&... args) {
  base::log(base::LogLevel::Error, folder, format, std::forward<Args>(args)...);
}

}  // namespace hearth
