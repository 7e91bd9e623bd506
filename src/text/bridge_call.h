// How does a call across the Rust bridge become a Result?
#pragma once

#include <hearth_bridge.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/bridge_handle.h"
#include "text/token_id.h"

namespace hearth::text {

/// Where a bridge call puts its buffer: `BridgeOutput out; auto status = hearth_x(...,
/// out.slot());`
class BridgeOutput {
 public:
  BridgeOutput() = default;
  ~BridgeOutput();
  BridgeOutput(const BridgeOutput&) = delete;
  BridgeOutput& operator=(const BridgeOutput&) = delete;

  hearth_buffer** slot() { return &buffer_; }
  /// The result, or the reason of a failure; valid as long as this object.
  std::string_view view() const;
  std::string text() const { return std::string(view()); }
  /// The result as token ids.
  std::vector<TokenId> ids() const;

 private:
  hearth_buffer* buffer_ = nullptr;
};

/// An Error of that code with the bridge's reason where `status` is not success.
Result<void> check_bridge(int status, const BridgeOutput& output, ErrorCode code);

/// A text as bridge calls take it; valid as long as its bytes.
hearth_text borrow(std::string_view text);

}  // namespace hearth::text
