// GET /admin/api/system: the machine and the program.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

http::Route system(const Services& services);

}  // namespace hearth::api::admin
