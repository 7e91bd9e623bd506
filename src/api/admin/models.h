// /admin/api/models: the models on this machine.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

http::Route list_models(const Services& services);   ///< GET /admin/api/models
http::Route show_model(const Services& services);    ///< GET /admin/api/models/{id...}
http::Route remove_model(const Services& services);  ///< DELETE /admin/api/models/{id...}

}  // namespace hearth::api::admin
