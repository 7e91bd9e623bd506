// Where things lie on this machine.
#include "platform/paths.h"

#include <cstdlib>
#include <pwd.h>
#include <system_error>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

namespace hearth::platform {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path home_folder() {
  if (const std::string home = environment("HOME"); !home.empty()) return home;
  const passwd* entry = ::getpwuid(::getuid());
  return entry ? fs::path(entry->pw_dir) : fs::path("/");
}

fs::path hearth_home() {
  const std::string set = environment("HEARTH_HOME");
  return set.empty() ? home_folder() / ".hearth" : fs::path(set);
}

fs::path hub_home() {
  if (const std::string set = environment("HF_HOME"); !set.empty()) return set;
  const std::string cache = environment("XDG_CACHE_HOME");
  return (cache.empty() ? home_folder() / ".cache" : fs::path(cache)) / "huggingface";
}

fs::path hub_cache() {
  if (const std::string set = environment("HF_HUB_CACHE"); !set.empty()) return set;
  return hub_home() / "hub";
}

fs::path program_file() {
  std::error_code ignored;
#ifdef __APPLE__
  char buffer[4096];
  std::uint32_t size = sizeof buffer;
  if (_NSGetExecutablePath(buffer, &size) != 0) return {};
  return fs::canonical(buffer, ignored);
#else
  return fs::read_symlink("/proc/self/exe", ignored);
#endif
}

fs::path share_folder() {
  return program_file().parent_path().parent_path() / "share" / "hearth";
}

}  // namespace hearth::platform
