// The web app inside the program, with the headers that fence it in.
#include "app/web_app.h"

#include "embedded/web_assets.h"
#include "http/assets.h"

namespace hearth::app {

http::Handler web_app(http::Handler not_found) {
  http::Headers headers;
  // The page itself says what it may load, with the hash of its one inline script; a header can
  // only add to that, and only a header can forbid frames.
  headers.add("content-security-policy", "object-src 'none'; frame-ancestors 'none'");
  headers.add("x-content-type-options", "nosniff");
  headers.add("referrer-policy", "no-referrer");
  headers.add("cross-origin-opener-policy", "same-origin");
  return http::serve_assets(embedded::web_assets(), std::move(headers), std::move(not_found));
}

}  // namespace hearth::app
