// Which form of an embedded file a client gets.
#include "http/assets.h"

#include <gtest/gtest.h>

#include "http/target.h"

namespace hearth::http {
namespace {

const Asset kFiles[] = {
    {"/index.html", "text/html; charset=utf-8", "\"page\"", "plain page", "gz page", "br page",
     false},
    {"/_app/immutable/a.123.js", "text/javascript", "\"code\"", "plain code", "gz code", "", true},
    {"/logo.png", "image/png", "\"logo\"", "logo", "", "", false},
};

struct Asked {
  explicit Asked(std::string_view target,
                 std::vector<std::pair<std::string, std::string>> fields = {}) {
    Headers security;
    security.add("content-security-policy", "default-src 'self'");
    const auto handler =
        serve_assets(kFiles, security, [](const Request&) { return text("not found", 404); });
    Request request;
    request.path = parse_target(target).value().path;
    for (auto& [name, value] : fields) request.headers.add(name, value);
    response = handler(request);
  }
  std::string body() const {
    if (const auto* view = std::get_if<std::string_view>(&response.body)) return std::string(*view);
    return std::get<std::string>(response.body);
  }
  std::string header(std::string_view name) const {
    return std::string(response.headers.get(name).value_or("none"));
  }
  Response response;
};

TEST(Assets, ServesByPathWithTypeAndTag) {
  const Asked logo("/logo.png");
  EXPECT_EQ(logo.body(), "logo");
  EXPECT_EQ(logo.header("content-type"), "image/png");
  EXPECT_EQ(logo.header("etag"), "\"logo\"");
  EXPECT_EQ(logo.header("cache-control"), "no-cache");
  EXPECT_EQ(logo.header("content-security-policy"), "none");
  const Asked page("/");
  EXPECT_EQ(page.body(), "plain page");
  EXPECT_EQ(page.header("content-security-policy"), "default-src 'self'");
}

TEST(Assets, ChoosesTheFormTheClientPrefers) {
  const auto encoding = [](std::string_view accepted, std::string_view target = "/index.html") {
    const Asked asked(target, {{"Accept-Encoding", std::string(accepted)}});
    return asked.header("content-encoding") + ": " + asked.body();
  };
  EXPECT_EQ(encoding("gzip, deflate, br"), "br: br page");
  EXPECT_EQ(encoding("gzip"), "gzip: gz page");
  EXPECT_EQ(encoding("GZIP;q=1.0, br;q=0.5"), "gzip: gz page");
  EXPECT_EQ(encoding("br;q=0, gzip;q=0.1"), "gzip: gz page");
  EXPECT_EQ(encoding("br; q=0"), "none: plain page");
  EXPECT_EQ(encoding("*"), "br: br page");
  EXPECT_EQ(encoding("*, br;q=0"), "gzip: gz page");
  EXPECT_EQ(encoding("identity"), "none: plain page");
  EXPECT_EQ(encoding(""), "none: plain page");
  EXPECT_EQ(encoding("br, gzip", "/_app/immutable/a.123.js"), "gzip: gz code");
  EXPECT_EQ(encoding("br, gzip", "/logo.png"), "none: logo");
}

TEST(Assets, FormsHaveTagsOfTheirOwnAndVary) {
  const Asked page("/", {{"accept-encoding", "br"}});
  EXPECT_EQ(page.header("etag"), "\"page-br\"");
  EXPECT_EQ(page.header("vary"), "accept-encoding");
}

TEST(Assets, AnswersNotModified) {
  const auto status = [](std::string_view tags) {
    const Asked asked("/", {{"if-none-match", std::string(tags)}, {"accept-encoding", "br"}});
    if (asked.response.status == 304) EXPECT_EQ(asked.body(), "");
    return asked.response.status;
  };
  EXPECT_EQ(status("\"page-br\""), 304);
  EXPECT_EQ(status("\"old\", W/\"page\""), 304);
  EXPECT_EQ(status("*"), 304);
  EXPECT_EQ(status("\"old\""), 200);
  EXPECT_EQ(status(""), 200);
}

TEST(Assets, HashedNamesAreKeptForEver) {
  EXPECT_EQ(Asked("/_app/immutable/a.123.js").header("cache-control"),
            "public, max-age=31536000, immutable");
}

TEST(Assets, OnlyPagesFallBackToTheIndex) {
  EXPECT_EQ(Asked("/chat/42", {{"accept", "text/html,application/xhtml+xml;q=0.9"}}).body(),
            "plain page");
  EXPECT_EQ(Asked("/chat/42", {{"accept", "application/json"}}).body(), "not found");
  EXPECT_EQ(Asked("/chat/42", {{"accept", "*/*"}}).body(), "not found");
  EXPECT_EQ(Asked("/chat/42").response.status, 404);
}

}  // namespace
}  // namespace hearth::http
