// Sealing: what opens, what does not, and who may read the key.
#include "platform/secret_box.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace hearth::platform {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct World {
  base::testing::TempFolder folder;
  fs::path file = folder.path() / "home" / "secret.key";
};

TEST(SecretBox, OpensWhatItSealedAlsoAfterARestart) {
  const World world;
  const std::string sealed = SecretBox::open(world.file)->seal("hf_secret", "secrets/hub");
  EXPECT_THAT(sealed, Not(HasSubstr("hf_secret")));
  EXPECT_EQ(SecretBox::open(world.file)->unseal(sealed, "secrets/hub").value(), "hf_secret");
  EXPECT_NE(SecretBox::open(world.file)->seal("hf_secret", "secrets/hub"), sealed);
  EXPECT_EQ(
      SecretBox::open(world.file)->unseal(SecretBox::open(world.file)->seal("", "x"), "x").value(),
      "");
}

TEST(SecretBox, TheKeyIsItsOwnersAlone) {
  const World world;
  ASSERT_TRUE(SecretBox::open(world.file));
  EXPECT_EQ(fs::status(world.file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::file_size(world.file), 32U);
  EXPECT_EQ(std::distance(fs::directory_iterator(world.file.parent_path()), {}), 1);
  fs::permissions(world.file, fs::perms::group_read, fs::perm_options::add);
  const auto open = SecretBox::open(world.file);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::Forbidden);
}

TEST(SecretBox, NeitherAnotherPlaceNorAChangedByteOpens) {
  const World world;
  const auto box = *SecretBox::open(world.file);
  const std::string sealed = box.seal("hf_secret", "secrets/hub");
  EXPECT_EQ(box.unseal(sealed, "secrets/other").error().code, ErrorCode::CorruptData);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box.unseal(changed, "secrets/hub")) << i;
    EXPECT_FALSE(box.unseal(sealed.substr(0, i), "secrets/hub")) << i;
  }
}

TEST(SecretBox, AnotherKeyDoesNotOpenAndABrokenOneIsNamed) {
  const World one;
  const World two;
  const std::string sealed = SecretBox::open(one.file)->seal("hf_secret", "x");
  EXPECT_EQ(SecretBox::open(two.file)->unseal(sealed, "x").error().code, ErrorCode::CorruptData);
  std::ofstream(two.file, std::ios::binary | std::ios::trunc) << "short";
  const auto open = SecretBox::open(two.file);
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("holds no key"));
}

}  // namespace
}  // namespace hearth::platform
