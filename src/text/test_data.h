// Where do tests find their data, and how do they read it?
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

#include "base/json.h"
#include "base/testing/temp_folder.h"
#include "text/tokenizer.h"

namespace hearth::text::testing {

inline std::filesystem::path golden_folder() {
  return std::filesystem::path(HEARTH_SOURCE_DIR) / "tests/golden";
}

/// Real files that are not part of the project; tests skip where they are absent.
inline std::filesystem::path shared_folder() {
  return std::filesystem::path(HEARTH_SOURCE_DIR) / "../shared/data";
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  EXPECT_TRUE(stream.good()) << file;
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline json::value read_json(const std::filesystem::path& file) {
  return json::parse(read_file(file));
}

inline void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

inline std::vector<TokenId> to_ids(const json::value& list) {
  return json::value_to<std::vector<TokenId>>(list);
}

inline std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  auto tokenizer = Tokenizer::load(folder);
  EXPECT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
  return *tokenizer;
}

inline std::shared_ptr<const Tokenizer> small_tokenizer(const std::string& name) {
  return load_tokenizer(golden_folder() / "tokenizers" / name);
}

using TemporaryFolder = base::testing::TempFolder;

}  // namespace hearth::text::testing

/// Leaves the test, saying so, where the shared data is absent.
#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared data is absent: " << (path)
