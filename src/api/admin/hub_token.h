// /admin/api/hub: the token that the Hub is asked with. It goes in, and never comes out.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

http::Route show_token(const Services& services);    ///< GET /admin/api/hub/token
http::Route keep_token(const Services& services);    ///< PUT /admin/api/hub/token
http::Route forget_token(const Services& services);  ///< DELETE /admin/api/hub/token
http::Route show_account(const Services& services);  ///< GET /admin/api/hub/account

}  // namespace hearth::api::admin
