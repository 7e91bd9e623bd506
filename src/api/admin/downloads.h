// /admin/api/downloads: what is fetched from the Hub, and in which order.
#pragma once

#include "api/routes.h"
#include "base/json.h"

namespace hearth::api::admin {

/// A download as JSON.
json::object describe(const services::Download& download);

http::Route list_downloads(const Services& services);   ///< GET /admin/api/downloads
http::Route add_download(const Services& services);     ///< POST /admin/api/downloads
http::Route show_download(const Services& services);    ///< GET /admin/api/downloads/{id}
http::Route cancel_download(const Services& services);  ///< DELETE /admin/api/downloads/{id}
http::Route pause_download(const Services& services);   ///< POST .../{id}/pause
http::Route resume_download(const Services& services);  ///< POST .../{id}/resume
http::Route move_download(const Services& services);    ///< POST .../{id}/move

/// GET /admin/api/downloads/events: all of them as difference_events().
http::Route download_events(const Services& services);

}  // namespace hearth::api::admin
