// Lengths in front of bodies.
#include "engine/wire/frames.h"

#include <array>
#include <cstdint>

namespace hearth::engine::wire {
namespace {

constexpr std::size_t kHeader = 4;

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kHeader; ++i)
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

}  // namespace

Result<std::string> make_frame(std::string_view body) {
  if (body.size() > kMaxFrameBytes)
    return fail(ErrorCode::TooLarge,
                "the request is {} bytes long; at most {} can be sent to a model", body.size(),
                kMaxFrameBytes);
  std::string frame;
  frame.reserve(kHeader + body.size());
  for (int shift = 24; shift >= 0; shift -= 8)
    frame.push_back(static_cast<char>(body.size() >> shift & 0xFF));
  frame.append(body);
  return frame;
}

Result<std::optional<std::string>> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(read_);
  if (rest.size() >= kHeader) {
    const std::size_t length = length_at(rest);
    if (length > kMaxFrameBytes)
      return fail(ErrorCode::CorruptData, "a frame of {} bytes was announced; the limit is {}",
                  length, kMaxFrameBytes);
    if (rest.size() - kHeader >= length) {
      std::string body(rest.substr(kHeader, length));
      read_ += kHeader + length;
      return body;
    }
  }
  buffer_.erase(0, read_);
  read_ = 0;
  return std::nullopt;
}

}  // namespace hearth::engine::wire
