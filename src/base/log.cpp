// The log, on spdlog.
#include "base/log.h"

#include <array>
#include <memory>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace hearth::base {
namespace {

constexpr auto kLevels =
    std::to_array<std::pair<std::string_view, LogLevel>>({{"debug", LogLevel::Debug},
                                                          {"info", LogLevel::Info},
                                                          {"warn", LogLevel::Warn},
                                                          {"error", LogLevel::Error},
                                                          {"off", LogLevel::Off}});

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
    case LogLevel::Off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>(
        "hearth", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ [%t] %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

}  // namespace

std::optional<LogLevel> log_level(std::string_view name) {
  for (const auto& [text, level] : kLevels)
    if (text == name) return level;
  return std::nullopt;
}

bool start_log(LogLevel level, const std::optional<std::filesystem::path>& file) {
  logger().set_level(to_spdlog(level));
  if (!file) return true;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file->string());
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-5l [%t] %v");
    logger().sinks().push_back(std::move(sink));
    return true;
  } catch (const spdlog::spdlog_ex&) {
    return false;
  }
}

bool log_enabled(LogLevel level) {
  return logger().should_log(to_spdlog(level));
}

void log_line(LogLevel level, std::string_view folder, std::string_view text) {
  logger().log(to_spdlog(level), "{}: {}", folder, text);
}

}  // namespace hearth::base
