// How messages lie one after another in a byte stream.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::engine::wire {

/// A frame is the length of its body in four bytes, most significant first, and the body.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{256} << 20;

/// Puts the length in front. TooLarge for a body beyond kMaxFrameBytes.
Result<std::string> make_frame(std::string_view body);

/// Cuts a byte stream, which comes in any pieces, into bodies. One owner.
class FrameReader {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }

  /// The next whole body, if it is there. CorruptData where a frame announces an impossible length:
  /// the stream cannot be read any further.
  Result<std::optional<std::string>> next();

 private:
  std::string buffer_;
  std::size_t read_ = 0;  ///< bytes of the buffer that were given out
};

}  // namespace hearth::engine::wire
