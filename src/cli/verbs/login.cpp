// hearth login: keep a token of the Hub.
#include <fstream>
#include <iostream>
#include <iterator>
#include <termios.h>
#include <unistd.h>

#include "app/open_hub.h"
#include "cli/cli.h"

namespace hearth::cli {
namespace {

struct LoginInput {
  std::string token_file;
  bool no_check = false;
};

/// While it lives, what is typed does not show.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Result<std::string> read_token(const LoginInput& input, const std::string& endpoint) {
  if (!input.token_file.empty()) {
    std::ifstream in(input.token_file, std::ios::binary);
    if (!in)
      return fail(ErrorCode::Io,
                  "the file {} cannot be read: --token-file names the file that "
                  "holds the token",
                  input.token_file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  std::string token;
  if (::isatty(STDIN_FILENO) == 0) {
    std::getline(std::cin, token);
    return token;
  }
  fmt::print("Make a token at {}/settings/tokens (the right to read is enough).\nToken: ",
             endpoint);
  std::fflush(stdout);
  {
    const NoEcho silent;
    std::getline(std::cin, token);
  }
  fmt::print("\n");
  return token;
}

Result<void> login(const LoginInput& input) {
  const app::OpenHub hub;
  const services::HubAccess& access = *TRY(hub.keeper());
  const auto places = TRY(hub::places([] { return Result<std::string>(std::string()); }));
  const std::string token =
      TRY(hub::check_token(TRY(read_token(input, places.endpoint)), "what was entered"));
  if (token.empty())
    return fail(ErrorCode::InvalidArgument, "no token was entered; a token reads hf_...");
  if (!input.no_check) {
    const auto account = TRY(services::account_of(access, token, {}));
    fmt::print("{} knows you as {}{}.\n", places.endpoint, account.name,
               account.token_role.empty() ? "" : fmt::format(" (token: {})", account.token_role));
  }
  TRY(access.keep(token));
  fmt::print("The token is kept, encrypted, in Hearth's home.\n");
  if (places.token_origin == hub::TokenOrigin::Environment)
    fmt::print("HF_TOKEN is set, though, and goes before it.\n");
  return {};
}

}  // namespace

void add_login(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("login", "Keep a token of the Hub, for gated and private models");
  const auto input = std::make_shared<LoginInput>();
  verb->add_option("--token-file", input->token_file,
                   "Read the token from this file [the terminal, or standard input]")
      ->type_name("FILE");
  verb->add_flag("--no-check", input->no_check,
                 "Keep it without asking the Hub whether it is right");
  verb->footer(
      "\nThe Hub is asked with HF_TOKEN where that is set, else with the kept token, else with the "
      "one that\nthe Hub's own tools keep. hearth whoami shows which it is, hearth logout forgets "
      "the kept one.\n");
  verb->callback([input] { finish(login(*input)); });
}

}  // namespace hearth::cli
