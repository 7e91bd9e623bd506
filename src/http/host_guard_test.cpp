// Which Host fields are let in.
#include "http/host_guard.h"

#include <gtest/gtest.h>

namespace hearth::http {
namespace {

ErrorCode refusal(const HostGuard& guard, std::string_view field) {
  const auto checked = guard.check(field);
  return checked ? ErrorCode::Internal : checked.error().code;
}

TEST(HostGuard, OnLoopbackTakesLoopbackNamesOnly) {
  const HostGuard guard("127.0.0.1", {});
  for (const auto* good :
       {"localhost", "LOCALHOST:80", "localhost.", "a.localhost:8000", "127.0.0.1", "127.255.0.9:1",
        "[::1]", "[::1]:8000", "[0:0:0:0:0:0:0:1]"})
    EXPECT_TRUE(guard.check(good)) << good;
  for (const auto* strange :
       {"evil.example", "localhost.evil.example", "xlocalhost", "192.168.0.1", "127.0.0.1.evil",
        "[::2]", "[::ffff:8.8.8.8]", "0.0.0.0", "2130706433", "127.1"})
    EXPECT_EQ(refusal(guard, strange), ErrorCode::Forbidden) << strange;
}

TEST(HostGuard, RefusesMalformedFields) {
  const HostGuard guard("127.0.0.1", {"*"});
  for (const auto* bad :
       {"", " ", ".", "localhost:", "localhost:x", "localhost:123456", "[::1", "[::1]x", "::1",
        "[127.0.0.1]", "user@localhost", "localhost/a", "localhost, evil.example", "local host"})
    if (std::string_view(bad) != "localhost:")
      EXPECT_EQ(refusal(guard, bad), ErrorCode::InvalidArgument) << bad;
  EXPECT_TRUE(guard.check("localhost:"));  // RFC 3986 allows an empty port
}

TEST(HostGuard, TakesConfiguredNames) {
  const HostGuard guard("127.0.0.1", {"Hearth.Example", "*.lan"});
  EXPECT_TRUE(guard.check("hearth.example:8000"));
  EXPECT_TRUE(guard.check("a.b.lan"));
  EXPECT_FALSE(guard.check("lan"));
  EXPECT_FALSE(guard.check("xlan"));
  EXPECT_FALSE(guard.check("a.hearth.example"));
  EXPECT_TRUE(HostGuard("127.0.0.1", {"*"}).check("anything.example"));
}

TEST(HostGuard, OnOtherInterfacesTakesAddressesAndItsOwnName) {
  const HostGuard everywhere("0.0.0.0", {});
  EXPECT_TRUE(everywhere.check("192.168.0.1:8000"));
  EXPECT_TRUE(everywhere.check("[fe80::1]:8000"));
  EXPECT_FALSE(everywhere.check("evil.example"));
  EXPECT_TRUE(HostGuard("Box.local", {}).check("box.LOCAL"));
}

}  // namespace
}  // namespace hearth::http
