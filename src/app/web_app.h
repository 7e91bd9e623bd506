// The web app inside the program.
#pragma once

#include "http/router.h"

namespace hearth::app {

/// Serves the embedded web app; paths that are neither a file nor a page go to `not_found`.
http::Handler web_app(http::Handler not_found);

}  // namespace hearth::app
