// Hashes against published values: FIPS 180's "abc", and git's names of well-known blobs.
#include "hub/content_hash.h"

#include <gtest/gtest.h>
#include <string_view>

namespace hearth::hub {
namespace {

std::string hash(HashKind kind, std::string_view text) {
  ContentHash hash(kind, text.size());
  for (const char& letter : text) hash.add(std::as_bytes(std::span(&letter, 1)));
  return hash.hex();
}

TEST(ContentHash, Sha256) {
  EXPECT_EQ(hash(HashKind::Sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash(HashKind::Sha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(ContentHash, GitBlob) {
  EXPECT_EQ(hash(HashKind::GitBlob, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(hash(HashKind::GitBlob, "what is up, doc?"),
            "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
}

}  // namespace
}  // namespace hearth::hub
