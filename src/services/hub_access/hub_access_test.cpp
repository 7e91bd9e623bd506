// The kept token: where it stands among others, how it lies on disk, and what becomes of it.
#include "services/hub_access/hub_access.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

#include "base/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class KeptToken : public ::testing::Test {
 protected:
  KeptToken() {
    for (const char* name : {"HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "HF_ENDPOINT"})
      ::unsetenv(name);
    ::setenv("HF_HOME", home_.path().c_str(), 1);
  }
  ~KeptToken() override {
    ::unsetenv("HF_HOME");
    ::unsetenv("HF_TOKEN");
  }

  base::testing::TempFolder home_;
  fs::path database_file_ = home_.path() / "hearth.db";
  std::unique_ptr<store::Database> database_ = *store::Database::open(database_file_);
  HubAccess access_{database_.get(), home_.path() / kSecretKeyFile};
};

TEST_F(KeptToken, StandsBetweenTheVariableAndTheFile) {
  home_.write("token", "hf_file");
  EXPECT_EQ(access_.places()->token, "hf_file");
  ASSERT_TRUE(access_.keep(" hf_kept\n"));
  EXPECT_EQ(access_.places()->token, "hf_kept");
  EXPECT_EQ(access_.places()->token_origin, hub::TokenOrigin::Kept);
  ::setenv("HF_TOKEN", "hf_variable", 1);
  EXPECT_EQ(access_.places()->token, "hf_variable");
  ::unsetenv("HF_TOKEN");
  EXPECT_TRUE(*access_.forget());
  EXPECT_FALSE(*access_.forget());
  EXPECT_EQ(access_.places()->token, "hf_file");
}

TEST_F(KeptToken, NeverLiesOnDiskInClear) {
  ASSERT_TRUE(access_.keep("hf_kept_in_secret"));
  database_.reset();
  for (const auto& file : fs::directory_iterator(home_.path())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_THAT(bytes, Not(HasSubstr("hf_kept_in_secret"))) << file.path();
  }
}

TEST_F(KeptToken, ALostKeyIsToldAndMended) {
  ASSERT_TRUE(access_.keep("hf_kept"));
  fs::remove(home_.path() / kSecretKeyFile);
  const auto places = access_.places();
  ASSERT_FALSE(places);
  EXPECT_EQ(places.error().code, ErrorCode::CorruptData);
  EXPECT_THAT(places.error().message, HasSubstr("kept token of the Hub"));
  ASSERT_TRUE(access_.keep("hf_new"));
  EXPECT_EQ(access_.places()->token, "hf_new");
}

TEST_F(KeptToken, NonsenseAndNoDatabaseAreRefused) {
  EXPECT_EQ(access_.keep("two words").error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(access_.keep("").error().code, ErrorCode::InvalidArgument);
  const HubAccess nowhere(nullptr, home_.path() / kSecretKeyFile);
  EXPECT_EQ(nowhere.keep("hf_x").error().code, ErrorCode::Io);
  EXPECT_EQ(nowhere.places()->token, "");
}

}  // namespace
}  // namespace hearth::services
