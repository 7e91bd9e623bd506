// Addresses on other servers: percent encoding, where a redirect leads, whose server it is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::http {

/// `text` with every byte but letters, digits, `-._~` and those of `keep` as %XX.
std::string percent_encoded(std::string_view text, std::string_view keep = {});

/// Scheme, host and port of an address, in one form: `https://example.org:443`. Two addresses with
/// equal origins belong to the same server.
/// @returns InvalidArgument unless it is an http or https address.
Result<std::string> origin_of(const std::string& url);

/// Where `location` leads, seen from `url`: absolute, or relative in any form.
/// @returns Upstream where it leads to no http or https address, or from https to http.
Result<std::string> redirect_target(const std::string& url, const std::string& location);

}  // namespace hearth::http
