// Names that are let in, and those that are not.
#include "hub/names.h"

#include <gtest/gtest.h>
#include <string>

namespace hearth::hub {
namespace {

TEST(Names, Repositories) {
  for (const auto* id : {"Qwen/Qwen3-0.6B", "gpt2", "a_b/c.d-e", "mlx-community/x"})
    EXPECT_TRUE(check_repository(id)) << id;
  for (const auto* id : {"", "/", "a/", "/b", "a/b/c", "../x", "a/..", "-a/b", "a/b.", "a--b/c",
                         "a b/c", "a/b.git", "a/b\n", "https://x/y"})
    EXPECT_FALSE(check_repository(id)) << id;
  EXPECT_FALSE(check_repository(std::string(50, 'a') + "/" + std::string(50, 'b')));
}

TEST(Names, Revisions) {
  for (const auto* revision : {"main", "v1.0", "refs/pr/1", "feature/x"})
    EXPECT_TRUE(check_revision(revision)) << revision;
  for (const auto* revision : {"", "..", "a/../b", "/main", "main/", "a//b", "a\tb"})
    EXPECT_FALSE(check_revision(revision)) << revision;
  EXPECT_TRUE(is_commit("0123456789abcdef0123456789abcdef01234567"));
  EXPECT_FALSE(is_commit("0123456789ABCDEF0123456789abcdef01234567"));
  EXPECT_FALSE(is_commit("main"));
}

TEST(Names, FilesStayInTheFolder) {
  for (const auto* path : {"config.json", "a/b/c.txt", ".gitattributes", "ä b.txt"})
    EXPECT_TRUE(check_file_path(path)) << path;
  for (const auto* path : {"../x", "/etc/passwd", "a/./b", "a\\..\\b", "a//b", "a/"})
    EXPECT_FALSE(check_file_path(path)) << path;
}

}  // namespace
}  // namespace hearth::hub
