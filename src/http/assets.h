// Files that live inside the program: the web app, precompressed.
#pragma once

#include <span>
#include <string_view>

#include "http/router.h"

namespace hearth::http {

/// One embedded file. All views live as long as the program.
struct Asset {
  std::string_view path;  ///< `/index.html`
  std::string_view content_type;
  std::string_view etag;                 ///< quoted hash of the content
  std::string_view plain, gzip, brotli;  ///< the same content; a compressed form may be empty
  bool immutable = false;                ///< the name holds a hash: may be cached for ever
};

/// A handler that serves `assets` by path with content negotiation (Accept-Encoding, If-None-Match,
/// HEAD), sends `security_headers` with documents, and answers unknown paths with `/index.html`
/// only where the client accepts text/html (a page of the single-page app). Everything else goes to
/// `not_found`.
Handler serve_assets(std::span<const Asset> assets, Headers security_headers, Handler not_found);

}  // namespace hearth::http
