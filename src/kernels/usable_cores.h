// How many cores this process may really use.
#pragma once

#include <filesystem>
#include <optional>

namespace hearth::kernels {

/// Cores in the affinity mask, less what a control group's quota takes away; at least 1.
unsigned usable_cores();

/// Whether a control group limits the time of this process on its cores.
bool cores_have_quota();

/// The smallest quota, in cores, of the control groups that `groups` (a file like
/// /proc/self/cgroup) names below `mount`; nothing where none is set. Versions 1 and 2.
std::optional<double> cpu_quota(const std::filesystem::path& groups,
                                const std::filesystem::path& mount);

}  // namespace hearth::kernels
