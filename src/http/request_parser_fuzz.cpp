// libFuzzer: a stranger's bytes, in two pieces, through parser, target and host guard.
#include <cstddef>
#include <cstdint>
#include <string>

#include "http/host_guard.h"
#include "http/request_parser.h"
#include "http/target.h"

using hearth::http::RequestParser;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = size > 0 ? data[0] % size : 0;
  RequestParser parser(1024);
  std::string inbox;
  for (const auto piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    inbox += piece;
    for (std::size_t used = 1; used > 0;) {
      const auto state = parser.state();
      if (state != RequestParser::State::Head && state != RequestParser::State::Body) break;
      used = parser.feed(inbox);
      inbox.erase(0, used);
      if (state == RequestParser::State::Head && parser.state() == RequestParser::State::Body)
        parser.limit_body(4096);
    }
  }
  const auto& request = parser.request();
  (void)hearth::http::parse_target(request.target);
  static const hearth::http::HostGuard guard("0.0.0.0", {"*.example.org"});
  (void)guard.check(request.headers.get("host").value_or(""));
  return 0;
}
