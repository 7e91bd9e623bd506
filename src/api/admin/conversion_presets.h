// /admin/api/conversion-presets: sets of options by name.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

http::Route list_conversion_presets(const Services& services);   ///< GET /admin/api/...-presets
http::Route keep_conversion_preset(const Services& services);    ///< PUT .../{name}
http::Route remove_conversion_preset(const Services& services);  ///< DELETE .../{name}

}  // namespace hearth::api::admin
