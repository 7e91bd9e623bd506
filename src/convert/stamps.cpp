// Looks at names, sizes and times.
#include "convert/stamps.h"

#include <algorithm>
#include <fmt/format.h>
#include <system_error>

namespace hearth::convert {

namespace fs = std::filesystem;

std::string name_of(const fs::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

std::vector<std::string> stamps(const std::vector<fs::path>& files) {
  std::vector<std::string> found;
  found.reserve(files.size());
  std::error_code error;
  for (const fs::path& file : files)
    found.push_back(fmt::format("{} {} {}", file.filename().string(), fs::file_size(file, error),
                                fs::last_write_time(file, error).time_since_epoch().count()));
  std::ranges::sort(found);
  return found;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error))
    if (std::error_code unreadable; item.is_regular_file(unreadable)) files.push_back(item.path());
  return files;
}

}  // namespace hearth::convert
