// Where the Hub is, who asks, and where its files lie: what the environment says.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace hearth::hub {

struct Places {
  std::string endpoint;  ///< of the Hub or a mirror, without a slash at its end
  bool offline = false;  ///< nothing may be asked
  std::string token;     ///< empty: nobody in particular asks
  std::filesystem::path cache;
};

/// What the variables say that the Hub's own tools know: HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN
/// (else the file that HF_TOKEN_PATH names, else `token` in HF_HOME), HF_HUB_CACHE.
/// @returns InvalidArgument naming the variable or file that makes no sense.
Result<Places> places();

}  // namespace hearth::hub
