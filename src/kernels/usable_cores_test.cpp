// Quotas of control groups, from folders that look like the kernel's.
#include "kernels/usable_cores.h"

#include <gtest/gtest.h>
#include <string>

#include "base/testing/temp_folder.h"

namespace hearth::kernels {
namespace {

namespace fs = std::filesystem;

class CpuQuota : public ::testing::Test {
 protected:
  void write(const fs::path& path, const std::string& text) const { folder_.write(path, text); }
  std::optional<double> quota() const {
    return cpu_quota(folder_.path() / "groups", folder_.path() / "mount");
  }

  base::testing::TempFolder folder_;
};

TEST_F(CpuQuota, OuterGroupsCount) {
  write("groups", "0::/pod/box\n");
  write("mount/pod/box/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("mount/pod/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("mount/pod/box/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(CpuQuota, VersionOne) {
  write("groups", "3:cpuset:/other\n2:cpu,cpuacct:/box\n1:memory:/\n");
  write("mount/cpu/box/cpu.cfs_quota_us", "-1\n");
  write("mount/cpu/box/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("mount/cpu/box/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(quota(), 3.0);
}

TEST_F(CpuQuota, NothingIsReadFromNothing) {
  EXPECT_EQ(quota(), std::nullopt);
  write("groups", "not a line of the kernel\n");
  EXPECT_EQ(quota(), std::nullopt);
  EXPECT_GE(usable_cores(), 1U);
}

}  // namespace
}  // namespace hearth::kernels
