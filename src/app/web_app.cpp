// The web app inside the program, with the headers that fence it in.
#include "app/web_app.h"

#include "app/web_assets.h"
#include "http/assets.h"

namespace hearth::app {

http::Handler web_app(http::Handler not_found) {
  http::Headers headers;
  // Script hashes stand in the page itself (the build writes them); everything that loads comes
  // from here.
  headers.add(
      "content-security-policy",
      "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
      "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
      "base-uri 'self'; form-action 'self'; frame-ancestors 'none'");
  headers.add("x-content-type-options", "nosniff");
  headers.add("referrer-policy", "no-referrer");
  headers.add("cross-origin-opener-policy", "same-origin");
  return http::serve_assets(web_assets(), std::move(headers), std::move(not_found));
}

}  // namespace hearth::app
