// Taking the client's request id, or making one.
#include "http/request_id.h"

#include <algorithm>

#include "base/id.h"
#include "http/ascii.h"

namespace hearth::http {
namespace {

bool is_id_character(char letter) {
  const char lowered = to_lower(letter);
  return (lowered >= 'a' && lowered <= 'z') || (letter >= '0' && letter <= '9') || letter == '.' ||
         letter == '_' || letter == '-';
}

}  // namespace

std::string request_id(const Headers& headers) {
  const auto sent = headers.get("x-request-id").value_or("");
  const bool usable =
      !sent.empty() && sent.size() <= 128 && std::all_of(sent.begin(), sent.end(), is_id_character);
  return usable ? std::string(sent) : base::random_id("req_", 12);
}

}  // namespace hearth::http
