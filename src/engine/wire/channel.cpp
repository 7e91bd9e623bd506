// Reading and writing of the socket.
#include "engine/wire/channel.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace hearth::engine::wire {
namespace {

// A peer that is gone must be an error of send(), not a signal that ends the process.
#ifdef __APPLE__
constexpr int kSendFlags = 0;
#else
constexpr int kSendFlags = MSG_NOSIGNAL;
#endif

}  // namespace

Channel::Channel(int fd) : fd_(fd) {
#ifdef __APPLE__
  const int yes = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof(yes));
#endif
}

Channel::~Channel() {
  ::close(fd_);
}

void Channel::shut_down() {
  ::shutdown(fd_, SHUT_RDWR);
}

Result<void> Channel::send(const std::string& frame) {
  std::size_t sent = 0;
  while (sent < frame.size()) {
    const ssize_t count = ::send(fd_, frame.data() + sent, frame.size() - sent, kSendFlags);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(ErrorCode::Io, "send to the worker's socket: {}", strerror(errno));
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

Result<std::optional<std::string>> Channel::receive() {
  std::array<char, 65536> bytes;
  while (true) {
    if (auto body = TRY(reader_.next())) return body;
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != ECONNRESET)
      return fail(ErrorCode::Io, "receive from the worker's socket: {}", strerror(errno));
    if (count <= 0) return std::nullopt;
    reader_.append({bytes.data(), static_cast<std::size_t>(count)});
  }
}

Result<std::string> frame_of(const google::protobuf::MessageLite& message) {
  return make_frame(message.SerializeAsString());
}

}  // namespace hearth::engine::wire
