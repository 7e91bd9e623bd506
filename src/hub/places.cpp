// Reading the environment.
#include "hub/places.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <string_view>

#include "http/url.h"
#include "platform/paths.h"

namespace hearth::hub {
namespace {

namespace fs = std::filesystem;
using platform::environment;

constexpr std::string_view kHub = "https://huggingface.co";

bool is_yes(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text == "1" || text == "ON" || text == "YES" || text == "TRUE";
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

Result<std::string> endpoint() {
  std::string set = environment("HF_ENDPOINT");
  if (set.empty()) return std::string(kHub);
  while (set.ends_with('/')) set.pop_back();
  TRY_IN("HF_ENDPOINT", http::origin_of(set));
  return set;
}

struct Token {
  std::string text;
  TokenOrigin origin = TokenOrigin::None;
};

Token token_of(std::string text, TokenOrigin origin) {
  if (text.empty()) return {};
  return {std::move(text), origin};
}

Result<Token> find_token(const std::function<Result<std::string>()>& kept) {
  if (auto set = TRY(check_token(environment("HF_TOKEN"), "HF_TOKEN")); !set.empty())
    return token_of(std::move(set), TokenOrigin::Environment);
  if (kept)
    if (auto own = TRY(kept()); !own.empty()) return token_of(std::move(own), TokenOrigin::Kept);
  const std::string named = environment("HF_TOKEN_PATH");
  const fs::path file = named.empty() ? platform::hub_home() / "token" : fs::path(named);
  std::ifstream in(file, std::ios::binary);
  if (!in) return Token();
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return token_of(TRY(check_token(text, file.string())), TokenOrigin::File);
}

}  // namespace

std::string_view name(TokenOrigin origin) {
  switch (origin) {
    case TokenOrigin::Environment:
      return "environment";
    case TokenOrigin::Kept:
      return "kept";
    case TokenOrigin::File:
      return "file";
    case TokenOrigin::None:
      break;
  }
  return "";
}

/// The token goes into a header: what would end the line is refused, and so is a text around it.
Result<std::string> check_token(std::string_view text, std::string_view source) {
  const auto odd = [](unsigned char letter) { return letter <= 0x20 || letter >= 0x7f; };
  std::string token = trimmed(text);
  if (std::ranges::any_of(token, odd))
    return fail(ErrorCode::InvalidArgument,
                "{} holds no token: it has spaces or odd characters inside; a token reads hf_...",
                source);
  return token;
}

Result<Places> places(const std::function<Result<std::string>()>& kept) {
  Token token = TRY(find_token(kept));
  return Places{.endpoint = TRY(endpoint()),
                .offline = is_yes(environment("HF_HUB_OFFLINE")),
                .token = std::move(token.text),
                .token_origin = token.origin,
                .cache = platform::hub_cache()};
}

}  // namespace hearth::hub
