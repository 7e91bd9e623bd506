// How does a call across the Rust bridge become a Result?
#include "text/bridge_call.h"

#include <cstring>
#include <hearth_bridge.h>

namespace hearth::text {

BridgeOutput::~BridgeOutput() {
  hearth_buffer_free(buffer_);
}

std::string_view BridgeOutput::view() const {
  if (buffer_ == nullptr) return {};
  return {hearth_buffer_data(buffer_), hearth_buffer_size(buffer_)};
}

std::vector<TokenId> BridgeOutput::ids() const {
  const std::string_view bytes = view();
  std::vector<TokenId> ids(bytes.size() / sizeof(TokenId));
  if (!ids.empty()) std::memcpy(ids.data(), bytes.data(), ids.size() * sizeof(TokenId));
  return ids;
}

Result<void> check_bridge(int status, const BridgeOutput& output, ErrorCode code) {
  if (status == HEARTH_OK) return {};
  return fail(code, "{}", output.view());
}

hearth_text borrow(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace hearth::text
