// Thread names and joining.
#include "base/thread.h"

#include <pthread.h>
#include <utility>

namespace hearth::base {

void name_this_thread(const std::string& name) {
  const std::string kept = name.substr(0, 15);
#ifdef __APPLE__
  pthread_setname_np(kept.c_str());
#else
  pthread_setname_np(pthread_self(), kept.c_str());
#endif
}

Thread::Thread(std::string name, std::function<void()> body)
    : thread_([name = std::move(name), body = std::move(body)] {
        name_this_thread(name);
        body();
      }) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  thread_ = std::move(other.thread_);
  return *this;
}

void Thread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace hearth::base
