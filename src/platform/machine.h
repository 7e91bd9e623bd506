// Facts about this machine: processor, memory, processes.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hearth::platform {

struct Processor {
  std::string model;   ///< "AMD EPYC ..."
  unsigned cores = 0;  ///< that this process may use
  std::vector<std::string>
      features;  ///< of those that matter to the kernels: avx2, avx512f, amx_bf16 ...
};
Processor processor();

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;  ///< without swapping; a control group's limit counts
};
Memory memory();

/// Resident memory of a process in bytes; 0 if it is gone.
std::uint64_t resident_bytes(pid_t process);

/// The most memory that this process ever had resident, in bytes.
std::uint64_t peak_resident_bytes();

/// Free bytes for an ordinary user on the file system that holds `path` (or its nearest existing
/// parent).
std::uint64_t free_disk_bytes(const std::string& path);

}  // namespace hearth::platform
