// Addresses: encoding, origins, and where redirects lead (RFC 3986, 5.4).
#include "http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using ::testing::HasSubstr;

TEST(PercentEncoded, KeepsWhatIsPlainAndWhatIsAskedFor) {
  EXPECT_EQ(percent_encoded("a-Z_0.9~"), "a-Z_0.9~");
  EXPECT_EQ(percent_encoded("refs/pr/1"), "refs%2Fpr%2F1");
  EXPECT_EQ(percent_encoded("a b/ä?#%", "/"), "a%20b/%C3%A4%3F%23%25");
}

TEST(OriginOf, IsTheSameForTheSameServer) {
  EXPECT_EQ(origin_of("https://Example.org/a?b").value(), "https://example.org:443");
  EXPECT_EQ(origin_of("https://example.org:443").value(), "https://example.org:443");
  EXPECT_EQ(origin_of("http://127.0.0.1:8000/").value(), "http://127.0.0.1:8000");
  EXPECT_NE(origin_of("http://example.org").value(), origin_of("https://example.org").value());
  // What stands before an @ is a user's name, not the server.
  EXPECT_EQ(origin_of("https://example.org@evil.net/").value(), "https://evil.net:443");
}

TEST(OriginOf, RefusesWhatIsNoServer) {
  for (const auto* text :
       {"", "example.org", "ftp://example.org", "file:///etc/passwd", "https://"})
    EXPECT_FALSE(origin_of(text)) << text;
}

TEST(RedirectTarget, ResolvesEveryForm) {
  const std::string from = "https://hub.example/a/b/c?q=1";
  EXPECT_EQ(redirect_target(from, "https://cdn.example/x?sig=%2F").value(),
            "https://cdn.example/x?sig=%2F");
  EXPECT_EQ(redirect_target(from, "//cdn.example/x").value(), "https://cdn.example/x");
  EXPECT_EQ(redirect_target(from, "/x/y").value(), "https://hub.example/x/y");
  EXPECT_EQ(redirect_target(from, "d").value(), "https://hub.example/a/b/d");
  EXPECT_EQ(redirect_target("http://hub.example/", "https://hub.example/").value(),
            "https://hub.example/");
}

TEST(RedirectTarget, RefusesOtherSchemesAndTheLossOfEncryption) {
  EXPECT_FALSE(redirect_target("https://hub.example/a", "file:///etc/passwd"));
  const auto plain = redirect_target("https://hub.example/a", "http://hub.example/a");
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().message, HasSubstr("not encrypted"));
}

}  // namespace
}  // namespace hearth::http
