// Child processes by posix_spawn and a socket pair.
#include "platform/child_process.h"

#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace hearth::platform {
namespace {

/// What posix_spawn does in the child, released at the end.
class SpawnActions {
 public:
  explicit SpawnActions(int child_socket) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, child_socket, ChildProcess::kSocket);
#ifdef __GLIBC__
    // Libraries open sockets that children inherit: one would hold the server's port and clients.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, ChildProcess::kSocket + 1);
#endif
    ::posix_spawnattr_init(&attributes_);
    // A terminal's Ctrl-C is for the server, which then ends its workers in order.
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnActions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

Result<std::pair<int, int>> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    return fail(ErrorCode::Io, "cannot make a socket pair: {}", std::strerror(errno));
  for (int& end : ends) {
    // Above kSocket, so that dup2 in the child always makes a copy without the close-on-exec mark.
    const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, ChildProcess::kSocket + 1);
    ::close(end);
    end = moved;
  }
  return std::pair(ends[0], ends[1]);
}

}  // namespace

std::string describe_exit(int status) {
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status))
    return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("wait status {}", status);
}

Result<ChildProcess> ChildProcess::spawn(const std::string& program,
                                         const std::vector<std::string>& arguments) {
  const auto [ours, theirs] = TRY(socket_pair());
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  const SpawnActions spawn_actions(theirs);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), spawn_actions.actions(),
                                  spawn_actions.attributes(), argv.data(), environ);
  ::close(theirs);
  if (error != 0) {
    ::close(ours);
    return fail(ErrorCode::Io, "cannot start {}: {}", program, std::strerror(error));
  }
  return ChildProcess(pid, ours);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(socket_, other.socket_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (socket_ >= 0) ::close(socket_);
  if (pid_ > 0) finish(std::chrono::milliseconds(0));
}

int ChildProcess::take_socket() {
  return std::exchange(socket_, -1);
}

bool ChildProcess::ended_by(int signal, std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (pid_ > 0) {
    siginfo_t info{};
    // It stays a zombie until finish() takes it, so that its number is not given away.
    const int asked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (asked != 0) return false;
    if (info.si_pid != 0)
      return (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) && info.si_status == signal;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

std::string ChildProcess::finish(std::chrono::milliseconds patience) {
  if (pid_ <= 0) return "already gone";
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  pid_ = -1;
  return describe_exit(status);
}

}  // namespace hearth::platform
