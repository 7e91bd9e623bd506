// Reads the affinity mask and the control groups.
#include "kernels/usable_cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif

namespace hearth::kernels {

namespace {

namespace fs = std::filesystem;

/// cpu.max: "QUOTA PERIOD" or "max PERIOD".
std::optional<double> quota_v2(const fs::path& folder) {
  std::ifstream file(folder / "cpu.max");
  double quota = 0.0;
  double period = 0.0;
  if (file >> quota >> period && quota > 0.0 && period > 0.0) return quota / period;
  return {};
}

/// cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us.
std::optional<double> quota_v1(const fs::path& folder) {
  std::ifstream quota_file(folder / "cpu.cfs_quota_us");
  std::ifstream period_file(folder / "cpu.cfs_period_us");
  double quota = 0.0;
  double period = 0.0;
  if (quota_file >> quota && period_file >> period && quota > 0.0 && period > 0.0)
    return quota / period;
  return {};
}

/// The smallest quota of `group` and the groups that hold it, up to the mount.
template <class Read>
std::optional<double> smallest(const fs::path& mount, fs::path group, Read read) {
  std::optional<double> found;
  while (true) {
    const auto quota = read(mount / group.relative_path());
    if (quota) found = std::min(found.value_or(*quota), *quota);
    if (group.relative_path().empty()) return found;
    group = group.parent_path();
  }
}

bool lists_cpu(const std::string& controllers) {
  const std::string wrapped = "," + controllers + ",";
  return wrapped.find(",cpu,") != std::string::npos;
}

unsigned allowed_cores() {
#ifdef __linux__
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
    return static_cast<unsigned>(CPU_COUNT(&mask));
#endif
  return std::thread::hardware_concurrency();
}

std::optional<double> own_quota() {
  return cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& groups, const fs::path& mount) {
  std::optional<double> found;
  std::ifstream file(groups);
  // A line reads "number:controllers:/path"; version 2 has no controllers.
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    std::optional<double> quota;
    if (controllers.empty())
      quota = smallest(mount, group, quota_v2);
    else if (lists_cpu(controllers))
      quota = smallest(mount / "cpu", group, quota_v1);
    if (quota) found = std::min(found.value_or(*quota), *quota);
  }
  return found;
}

bool cores_have_quota() {
  return own_quota().has_value();
}

unsigned usable_cores() {
  const unsigned cores = std::max(1U, allowed_cores());
  const auto quota = own_quota();
  if (!quota || *quota >= cores) return cores;
  return std::max(1U, static_cast<unsigned>(std::ceil(*quota)));
}

}  // namespace hearth::kernels
