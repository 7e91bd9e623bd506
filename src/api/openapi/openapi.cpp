// The document as text, written once.
#include "api/openapi/openapi.h"

#include <memory>

#include "api/openapi/document.h"

namespace hearth::api::openapi {

http::Route describe(const Services& services) {
  const auto text =
      std::make_shared<const std::string>(base::write_json(document(services.version)));
  return {http::Method::Get, "/openapi.json",
          [text](const http::Request&) { return http::json(*text); }};
}

}  // namespace hearth::api::openapi
