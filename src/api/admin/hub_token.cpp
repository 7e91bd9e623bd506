// Keeping, testing and forgetting the Hub's token for a client.
#include "api/admin/hub_token.h"

#include <boost/describe.hpp>
#include <optional>

#include "api/admin/in_background.h"
#include "api/admin/problem.h"
#include "base/decode.h"
#include "services/hub_access/account_json.h"

namespace hearth::api::admin {

namespace wire {
struct NewToken {
  std::string token;
  std::optional<bool> check;
};
BOOST_DESCRIBE_STRUCT(NewToken, (), (token, check))
}  // namespace wire

namespace {

constexpr std::string_view kTokenPath = "/admin/api/hub/token";

/// A kept token that no longer opens is no reason to show nothing: it can be replaced.
Result<json::object> token_state(const services::HubAccess& access) {
  const auto kept = access.kept();
  const auto places = kept ? TRY(access.places())
                           : TRY(hub::places([] { return Result<std::string>(std::string()); }));
  const auto origin = hub::name(places.token_origin);
  return json::object{{"set", !places.token.empty()},
                      {"origin", origin.empty() ? json::value() : json::value(origin)},
                      {"kept", !kept || !kept->empty()}};
}

Result<json::object> check_and_keep(const services::HubAccess& access, const std::string& body,
                                    const std::function<bool()>& wanted) {
  const auto given = TRY(base::decode<wire::NewToken>(TRY(base::parse_json(body))));
  const auto token = hub::check_token(given.token, "the field");
  if (!token || token->empty())
    return wrong_field("token", token ? "is empty" : token.error().message);
  json::value account;
  if (given.check.value_or(true))
    account = services::describe(TRY(services::account_of(access, *token, wanted)));
  TRY(access.keep(*token));
  json::object out = TRY(token_state(access));
  out["account"] = std::move(account);
  return out;
}

}  // namespace

http::Route show_token(const Services& services) {
  return {http::Method::Get, std::string(kTokenPath),
          answer_with(services, [](const Services& all, const auto&, const auto&) {
            return token_state(all.hub);
          })};
}

http::Route keep_token(const Services& services) {
  return {http::Method::Put, std::string(kTokenPath),
          answer_with(services,
                      [](const Services& all, const auto& request, const auto& wanted) {
                        return check_and_keep(all.hub, request.body, wanted);
                      }),
          std::size_t{64} * 1024};
}

http::Route forget_token(const Services& services) {
  return {http::Method::Delete, std::string(kTokenPath),
          answer_with(services,
                      [](const Services& all, const auto&, const auto&) -> Result<json::object> {
                        TRY(all.hub.forget());
                        return token_state(all.hub);
                      })};
}

http::Route show_account(const Services& services) {
  return {
      http::Method::Get, "/admin/api/hub/account",
      answer_with(services,
                  [](const Services& all, const auto&, const auto& wanted) -> Result<json::object> {
                    return services::describe(TRY(services::account_of(all.hub, {}, wanted)));
                  })};
}

}  // namespace hearth::api::admin
