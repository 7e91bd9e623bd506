// Threads with names, so that logs, debuggers and traces can tell them apart.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace hearth::base {

/// Names the calling thread (15 characters are kept, the kernel's limit).
void name_this_thread(const std::string& name);

/// A thread that is joined when its owner goes. The owner must have told it to stop by then.
class Thread {
 public:
  Thread() = default;
  Thread(std::string name, std::function<void()> body);
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }

  void join();

 private:
  std::thread thread_;
};

}  // namespace hearth::base
