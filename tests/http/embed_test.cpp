// What hearth_embed_assets puts into a program equals the folder, in every form.
#include <array>
#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <zlib.h>

#include "embedded/bare_site.h"
#include "embedded/test_site.h"

namespace {

using hearth::http::Asset;
using ::testing::ElementsAre;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string gunzip(std::string_view packed) {
  std::string plain(1 << 20, '\0');
  z_stream stream{};
  inflateInit2(&stream, 16 + MAX_WBITS);  // 16: with gzip's frame
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

std::string unbrotli(std::string_view packed) {
  const std::string file = ::testing::TempDir() + "/embedded.br";
  std::ofstream(file, std::ios::binary) << packed;
  const std::string command = std::string(BROTLI) + " -dc " + file;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string plain;
  std::array<char, 4096> bytes;
  while (const auto count = std::fread(bytes.data(), 1, bytes.size(), pipe))
    plain.append(bytes.data(), count);
  EXPECT_EQ(::pclose(pipe), 0);
  return plain;
}

const Asset& find(std::string_view path) {
  for (const auto& asset : hearth::embedded::test_site())
    if (asset.path == path) return asset;
  throw std::runtime_error("no such file: " + std::string(path));
}

TEST(Embed, HoldsEveryFileOfTheFolder) {
  std::vector<std::string> paths;
  for (const auto& asset : hearth::embedded::test_site()) {
    paths.emplace_back(asset.path);
    EXPECT_EQ(asset.plain, read_file(TEST_SITE + std::string(asset.path)));
  }
  EXPECT_THAT(paths, ElementsAre("/_app/immutable/start.4f3a.js", "/index.html", "/logo.png"));
}

TEST(Embed, CompressesWhatIsWorthIt) {
  const auto& script = find("/_app/immutable/start.4f3a.js");
  EXPECT_EQ(gunzip(script.gzip), script.plain);
  EXPECT_EQ(unbrotli(script.brotli), script.plain);
  EXPECT_LT(script.brotli.size(), script.plain.size() / 10);
  for (const auto* as_it_is : {"/index.html", "/logo.png"}) {
    EXPECT_EQ(find(as_it_is).gzip, "");
    EXPECT_EQ(find(as_it_is).brotli, "");
  }
}

TEST(Embed, KnowsTypesTagsAndHashedNames) {
  EXPECT_EQ(find("/index.html").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find("/logo.png").content_type, "image/png");
  EXPECT_TRUE(find("/_app/immutable/start.4f3a.js").immutable);
  EXPECT_FALSE(find("/index.html").immutable);
  EXPECT_NE(find("/index.html").etag, find("/logo.png").etag);
  EXPECT_THAT(std::string(find("/index.html").etag), ::testing::MatchesRegex("\"[0-9a-f]+\""));
}

TEST(Embed, TakesAFolderWithOnlyAnIndex) {
  const auto files = hearth::embedded::bare_site();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].plain, "bare\n");
}

}  // namespace
