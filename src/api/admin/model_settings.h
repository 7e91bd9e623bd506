// /admin/api/models/{id}/settings: favourites, notes and presets of models.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

http::Route show_model_settings(const Services& services);    ///< GET
http::Route change_model_settings(const Services& services);  ///< PATCH

}  // namespace hearth::api::admin
