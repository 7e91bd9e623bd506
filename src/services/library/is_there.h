// Looking whether a file or a folder exists.
#pragma once

#include <filesystem>
#include <system_error>

namespace hearth::services {

/// Whether there is something at `path`; what cannot be looked at counts as absent.
inline bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace hearth::services
