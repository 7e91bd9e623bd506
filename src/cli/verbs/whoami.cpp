// hearth whoami: whose token the Hub is asked with.
#include <fmt/ranges.h>

#include "app/open_hub.h"
#include "base/json.h"
#include "cli/cli.h"
#include "services/hub_access/account_json.h"

namespace hearth::cli {
namespace {

std::string_view describe(hub::TokenOrigin origin) {
  switch (origin) {
    case hub::TokenOrigin::Environment:
      return "HF_TOKEN";
    case hub::TokenOrigin::Kept:
      return "kept by hearth login";
    case hub::TokenOrigin::File:
      return "the token file of the Hub's own tools";
    case hub::TokenOrigin::None:
      break;
  }
  return "none";
}

void print(const hub::Account& account, const hub::Places& places) {
  fmt::print("{}{}\n", account.name,
             account.full_name.empty() ? "" : fmt::format(" ({})", account.full_name));
  const auto row = [](std::string_view name, const std::string& value) {
    if (!value.empty()) fmt::print("  {:<14} {}\n", name, value);
  };
  row("Hub", places.endpoint);
  row("organisations", fmt::format("{}", fmt::join(account.organisations, ", ")));
  row("token", fmt::format("{}{}", account.token_name.empty() ? "" : account.token_name + ", ",
                           describe(places.token_origin)));
  row("may", account.token_role);
}

Result<void> whoami(bool as_json) {
  const app::OpenHub hub;
  const auto places = TRY(hub.access().places());
  const auto account = TRY(services::account_of(hub.access(), {}, {}));
  if (!as_json) {
    print(account, places);
    return {};
  }
  json::object out = services::describe(account);
  out["origin"] = hub::name(places.token_origin);
  out["endpoint"] = places.endpoint;
  fmt::print("{}\n", base::write_json(out));
  return {};
}

}  // namespace

void add_whoami(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("whoami", "Show whose token the Hub is asked with");
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([as_json] { finish(whoami(*as_json)); });
}

}  // namespace hearth::cli
