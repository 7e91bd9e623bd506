// A connected stream socket that carries frames.
#pragma once

#include <google/protobuf/message_lite.h>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/wire/frames.h"

namespace hearth::engine::wire {

/// Owns the socket. One thread sends, one receives; any thread may shut it down.
class Channel {
 public:
  explicit Channel(int fd);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Sends a frame; blocks while the other end does not read. Io where the connection is gone.
  Result<void> send(const std::string& frame);

  /// Blocks for the next body; nothing where the other end closed, even within a frame. CorruptData
  /// where the stream makes no sense, Io where the socket fails.
  Result<std::optional<std::string>> receive();

  /// receive() as a message. CorruptData where the body is none of its kind.
  template <class Message>
  Result<std::optional<Message>> receive_message() {
    const auto body = TRY(receive());
    if (!body) return std::nullopt;
    Message message;
    if (!message.ParseFromString(*body))
      return fail(ErrorCode::CorruptData, "a frame of {} bytes is no message", body->size());
    return message;
  }

  /// Ends both directions: whoever blocks here returns. The socket stays ours until destruction.
  void shut_down();

 private:
  int fd_;
  FrameReader reader_;
};

/// A message as a frame.
Result<std::string> frame_of(const google::protobuf::MessageLite& message);

}  // namespace hearth::engine::wire
