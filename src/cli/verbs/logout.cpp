// hearth logout: forget the kept token of the Hub.
#include "app/open_hub.h"
#include "cli/cli.h"

namespace hearth::cli {
namespace {

std::string_view describe(hub::TokenOrigin origin) {
  switch (origin) {
    case hub::TokenOrigin::Environment:
      return "HF_TOKEN is set, though, and is used.";
    case hub::TokenOrigin::File:
      return "The token file of the Hub's own tools is used from now on.";
    case hub::TokenOrigin::Kept:
    case hub::TokenOrigin::None:
      break;
  }
  return "The Hub is asked without a token from now on.";
}

Result<void> logout() {
  const app::OpenHub hub;
  const bool forgotten = TRY(TRY(hub.keeper())->forget());
  const auto places = TRY(hub.access().places());
  fmt::print("{} {}\n", forgotten ? "The token is forgotten." : "No token was kept.",
             describe(places.token_origin));
  return {};
}

}  // namespace

void add_logout(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("logout", "Forget the token of the Hub that is kept here");
  verb->footer(
      "\nOnly what hearth login kept is forgotten: the token itself stays valid until it is "
      "revoked "
      "at the Hub.\n");
  verb->callback([] { finish(logout()); });
}

}  // namespace hearth::cli
