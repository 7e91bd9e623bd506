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

/// The token goes into a header: what would end the line is refused, and so is a text around it.
Result<std::string> checked_token(std::string token, const std::string& source) {
  const auto odd = [](unsigned char letter) { return letter <= 0x20 || letter >= 0x7f; };
  if (std::ranges::any_of(token, odd))
    return fail(ErrorCode::InvalidArgument,
                "{} holds no token: it has spaces or odd characters inside; a token reads hf_...",
                source);
  return token;
}

Result<std::string> token() {
  if (auto set = trimmed(environment("HF_TOKEN")); !set.empty())
    return checked_token(std::move(set), "HF_TOKEN");
  const std::string named = environment("HF_TOKEN_PATH");
  const fs::path file = named.empty() ? platform::hub_home() / "token" : fs::path(named);
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::string();
  return checked_token(trimmed(std::string(std::istreambuf_iterator<char>(in), {})), file.string());
}

}  // namespace

Result<Places> places() {
  return Places{.endpoint = TRY(endpoint()),
                .offline = is_yes(environment("HF_HUB_OFFLINE")),
                .token = TRY(token()),
                .cache = platform::hub_cache()};
}

}  // namespace hearth::hub
