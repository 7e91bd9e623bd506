// For tests: a folder of one's own that goes with the object.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/id.h"

namespace hearth::base::testing {

class TempFolder {
 public:
  TempFolder() : path_(std::filesystem::temp_directory_path() / random_id("hearth-test-", 12)) {
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file, making the folders above it.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace hearth::base::testing
