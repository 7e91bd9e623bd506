// Starting, watching and ending child processes.
#pragma once

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace hearth::platform {

/// How a process ended, in words: "exit status 3", "signal 9 (Killed)".
std::string describe_exit(int wait_status);

/// A child process that shares one connected unix stream socket with us. Spawned with exec, never
/// by a bare fork, so it is safe beside threads and MLX. Move-only; destroying it kills and reaps
/// the process.
class ChildProcess {
 public:
  /// Runs `program` with `arguments` (without the program's own name). The child finds its end of
  /// the socket as file descriptor kSocket; standard input is empty, output and error are ours. On
  /// Linux it inherits nothing else.
  static Result<ChildProcess> spawn(const std::string& program,
                                    const std::vector<std::string>& arguments);

  /// The child's end of the socket, in the child.
  static constexpr int kSocket = 3;

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  /// Hands out our end of the socket; the caller closes it. Once.
  int take_socket();
  /// Waits up to `patience` for the end. Whether the process was ended by that signal.
  bool ended_by(int signal, std::chrono::milliseconds patience) const;
  /// Waits up to `patience` for the end, then kills. Returns how it ended, in words.
  std::string finish(std::chrono::milliseconds patience);

 private:
  ChildProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  pid_t pid_ = -1;
  int socket_ = -1;
};

}  // namespace hearth::platform
