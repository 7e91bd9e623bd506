// Facts about this machine, from /proc and sysctl.
#include "platform/machine.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#ifdef __APPLE__
#include <libproc.h>
#include <mach/mach.h>
#include <sys/sysctl.h>
#else
#include <sched.h>
#endif

namespace hearth::platform {
namespace {

#ifdef __APPLE__

std::string sysctl_text(const char* name) {
  char buffer[256] = {};
  std::size_t size = sizeof buffer - 1;
  return ::sysctlbyname(name, buffer, &size, nullptr, 0) == 0 ? buffer : "";
}

#else

/// The value behind "Key:" in a /proc file of "Key:   value" lines.
std::string proc_value(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string_view name(line.data(), colon);
    while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
    if (name != key) continue;
    const auto start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return {};
}

std::uint64_t kibibytes(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10) * 1024;
}

/// The control group's memory limit less its use, or "no limit".
std::uint64_t control_group_free() {
  std::ifstream limit("/sys/fs/cgroup/memory.max");
  std::ifstream used("/sys/fs/cgroup/memory.current");
  std::uint64_t limit_bytes = 0;
  std::uint64_t used_bytes = 0;
  if (!(limit >> limit_bytes) || !(used >> used_bytes)) return UINT64_MAX;
  return limit_bytes > used_bytes ? limit_bytes - used_bytes : 0;
}

#endif

}  // namespace

#ifdef __APPLE__

Processor processor() {
  return {sysctl_text("machdep.cpu.brand_string"), std::thread::hardware_concurrency(), {}};
}

Memory memory() {
  std::uint64_t total = 0;
  std::size_t size = sizeof total;
  ::sysctlbyname("hw.memsize", &total, &size, nullptr, 0);
  vm_statistics64_data_t pages{};
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  ::host_statistics64(::mach_host_self(), HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&pages),
                      &count);
  const auto page = static_cast<std::uint64_t>(::getpagesize());
  return {total, (pages.free_count + pages.inactive_count + pages.purgeable_count) * page};
}

std::uint64_t resident_bytes(pid_t process) {
  proc_taskinfo info{};
  const int read = ::proc_pidinfo(process, PROC_PIDTASKINFO, 0, &info, sizeof info);
  return read == sizeof info ? info.pti_resident_size : 0;
}

#else

Processor processor() {
  static constexpr auto kWanted = std::to_array<std::string_view>(
      {"avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
       "amx_tile", "amx_bf16", "amx_int8"});
  Processor result{
      proc_value("/proc/cpuinfo", "model name"), std::thread::hardware_concurrency(), {}};
  cpu_set_t usable;
  if (::sched_getaffinity(0, sizeof usable, &usable) == 0)
    result.cores = static_cast<unsigned>(CPU_COUNT(&usable));
  std::istringstream flags(proc_value("/proc/cpuinfo", "flags"));
  for (std::string flag; flags >> flag;)
    if (std::find(kWanted.begin(), kWanted.end(), flag) != kWanted.end())
      result.features.push_back(flag);
  return result;
}

Memory memory() {
  Memory result{kibibytes(proc_value("/proc/meminfo", "MemTotal")),
                kibibytes(proc_value("/proc/meminfo", "MemAvailable"))};
  result.available_bytes = std::min(result.available_bytes, control_group_free());
  return result;
}

std::uint64_t resident_bytes(pid_t process) {
  const std::string file = "/proc/" + std::to_string(process) + "/status";
  return kibibytes(proc_value(file.c_str(), "VmRSS"));
}

#endif

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#if defined(__APPLE__)
  constexpr std::uint64_t kUnit = 1;  // bytes there, kibibytes elsewhere
#else
  constexpr std::uint64_t kUnit = 1024;
#endif
  return static_cast<std::uint64_t>(usage.ru_maxrss) * kUnit;
}

std::uint64_t free_disk_bytes(const std::string& path) {
  namespace fs = std::filesystem;
  fs::path at = fs::absolute(path);
  std::error_code error;
  while (!fs::exists(at, error) && at.has_parent_path() && at != at.parent_path())
    at = at.parent_path();
  const fs::space_info space = fs::space(at, error);
  return error ? 0 : space.available;
}

}  // namespace hearth::platform
