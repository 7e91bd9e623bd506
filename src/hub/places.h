// Where the Hub is, who asks, and where its files lie: what the environment says.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::hub {

/// Where a token comes from, the strongest first.
enum class TokenOrigin {
  None,
  Environment,  ///< HF_TOKEN
  Kept,         ///< by this program
  File          ///< of the Hub's own tools
};

/// "environment", "kept", "file"; empty for None.
std::string_view name(TokenOrigin origin);

struct Places {
  std::string endpoint;  ///< of the Hub or a mirror, without a slash at its end
  bool offline = false;  ///< nothing may be asked
  std::string token;     ///< empty: nobody in particular asks
  TokenOrigin token_origin = TokenOrigin::None;
  std::filesystem::path cache;
};

/// What the variables say that the Hub's own tools know: HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN
/// (else the file that HF_TOKEN_PATH names, else `token` in HF_HOME), HF_HUB_CACHE.
/// @param kept  gives the token that this program keeps, empty for none; asked unless HF_TOKEN is
///              set, and what it returns goes before the files
/// @returns     InvalidArgument naming the variable or file that makes no sense; `kept`'s errors
Result<Places> places(const std::function<Result<std::string>()>& kept = {});

/// `text` without the space around it. @returns InvalidArgument, naming the source, for what can be
/// no token: one with spaces or odd characters inside
Result<std::string> check_token(std::string_view text, std::string_view source);

}  // namespace hearth::hub
