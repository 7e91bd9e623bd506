// The test client: bytes over a plain socket, answers taken apart.
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "http/server_fixture.h"

namespace hearth::http::testing {

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    ADD_FAILURE() << "cannot connect to port " << port;
}

RawClient::~RawClient() {
  close();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::read_more() {
  pollfd ready{socket_, POLLIN, 0};
  const auto patience = std::chrono::milliseconds(kPatience).count();
  if (::poll(&ready, 1, static_cast<int>(patience)) <= 0) {
    ADD_FAILURE() << "the server neither sent nor closed";
    return false;
  }
  std::array<char, 16384> bytes;
  const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  inbox_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> RawClient::take(std::size_t bytes) {
  while (inbox_.size() < bytes)
    if (!read_more()) return std::nullopt;
  std::string taken = inbox_.substr(0, bytes);
  inbox_.erase(0, bytes);
  return taken;
}

std::optional<std::string> RawClient::take_line() {
  auto line = read_until("\r\n");
  if (line.empty()) return std::nullopt;
  line.resize(line.size() - 2);
  return line;
}

std::string RawClient::read_until(std::string_view text) {
  while (true) {
    const auto at = inbox_.find(text);
    if (at != std::string::npos) return take(at + text.size()).value();
    if (!read_more()) return {};
  }
}

std::string RawClient::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(inbox_, {});
}

bool RawClient::read_chunks(std::string& body) {
  while (true) {
    const auto line = take_line();
    if (!line) return false;
    std::size_t size = 0;
    std::from_chars(line->data(), line->data() + line->size(), size, 16);
    const auto chunk = take(size + 2);
    if (!chunk) return false;
    if (size == 0) return true;
    body.append(*chunk, 0, size);
  }
}

Answer RawClient::read_answer(bool to_head) {
  Answer answer;
  const auto status = take_line();
  if (!status || !status->starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(status->substr(9, 3));
  while (true) {
    const auto line = take_line();
    if (!line) return answer;
    if (line->empty()) break;
    const auto colon = line->find(": ");
    answer.headers.add(line->substr(0, colon), line->substr(colon + 2));
  }
  const auto length = answer.headers.get("content-length");
  if (to_head || answer.status == 204 || answer.status == 304 || answer.status == 100) {
    answer.complete = true;
  } else if (answer.headers.get("transfer-encoding")) {
    answer.complete = read_chunks(answer.body);
  } else if (length) {
    auto body = take(std::stoul(std::string(*length)));
    answer.complete = body.has_value();
    answer.body = body.value_or("");
  } else {
    answer.body = read_to_end();
    answer.complete = true;
  }
  return answer;
}

void RawClient::half_close() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace hearth::http::testing
