// One at a time, also where the file is removed under the lock.
#include "hub/file_lock.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace hearth::hub {
namespace {

TEST(FileLock, IsHeldByOne) {
  const base::testing::TempFolder folder;
  const auto path = folder.path() / "x.lock";
  auto first = FileLock::try_take(path);
  ASSERT_TRUE(first && *first);
  EXPECT_FALSE(*FileLock::try_take(path));
  first->reset();
  EXPECT_TRUE(*FileLock::try_take(path));
}

TEST(FileLock, ALockOnARemovedFileHoldsNobodyBack) {
  const base::testing::TempFolder folder;
  const auto path = folder.path() / "x.lock";
  const auto first = FileLock::try_take(path);
  ASSERT_TRUE(first && *first);
  std::filesystem::remove(path);
  EXPECT_TRUE(*FileLock::try_take(path));
}

TEST(FileLock, SaysWhatCannotBeLocked) {
  const base::testing::TempFolder folder;
  const auto lock = FileLock::try_take(folder.path() / "no" / "x.lock");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().message.find("x.lock"), std::string::npos);
}

}  // namespace
}  // namespace hearth::hub
