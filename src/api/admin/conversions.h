// /admin/api/conversions: models that are made of others, and in which order.
#pragma once

#include "api/routes.h"
#include "base/json.h"

namespace hearth::api::admin {

/// A conversion as JSON.
json::object describe(const services::Conversion& conversion,
                      const std::filesystem::path& models_folder);

http::Route list_conversions(const Services& services);   ///< GET /admin/api/conversions
http::Route add_conversions(const Services& services);    ///< POST /admin/api/conversions
http::Route show_conversion(const Services& services);    ///< GET /admin/api/conversions/{id}
http::Route forget_conversion(const Services& services);  ///< DELETE /admin/api/conversions/{id}
http::Route cancel_conversion(const Services& services);  ///< POST .../{id}/cancel
http::Route retry_conversion(const Services& services);   ///< POST .../{id}/retry
http::Route move_conversion(const Services& services);    ///< POST .../{id}/move

/// GET /admin/api/conversions/events: all of them as difference_events().
http::Route conversion_events(const Services& services);

}  // namespace hearth::api::admin
