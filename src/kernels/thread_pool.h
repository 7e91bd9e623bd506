// The threads that share one kernel's work: one pool per process.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "base/thread.h"

namespace hearth::kernels {

/// Runs the chunks of one kernel at a time on several threads, the caller being one of them.
///
/// Every thread has a contiguous share of the chunks, so its memory stream is sequential, and takes
/// them one by one; who is done helps the others. A thread that the system stops for a while keeps
/// at most the one chunk that it is at. Between kernels the threads spin for some microseconds,
/// then sleep.
class ThreadPool {
 public:
  /// @param threads  counts the caller: 1 runs everything on the caller's thread.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// As many threads as the process may use cores. Started at the first call, ends with the
  /// process. Any thread.
  static ThreadPool& of_process();

  unsigned threads() const { return static_cast<unsigned>(shares_.size()); }

  /// Calls `body(chunk)` for each chunk in [0, chunks) once, on any thread and in any order, and
  /// returns when all are done. What they wrote is visible to the caller then.
  ///
  /// Any thread; where the pool is at work for somebody else, or the call comes out of a body, the
  /// caller computes alone: cores are never shared out twice. `body` must not throw.
  template <class Body>
  void run(int chunks, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_calls(
        chunks, [](void* at, int chunk) { (*static_cast<Plain*>(at))(chunk); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* body, int chunk);

  /// One thread's chunks: [next, end). On a cache line of its own.
  struct alignas(64) Share {
    std::atomic<int> next{0};
    int end = 0;
  };

  void run_calls(int chunks, Call call, void* body);
  void hand_out(int chunks, Call call, void* body);
  void take_chunks(std::size_t first_share);
  void wait_until_left();
  void work(std::size_t share);
  bool wait_for_job(std::uint64_t seen);
  bool attach(std::uint64_t& seen);
  void detach();

  std::vector<Share> shares_;
  Call call_ = nullptr;   // written while no thread is attached, as are the shares
  void* body_ = nullptr;  // likewise
  std::atomic<bool> busy_{false};

  /// Number of the job, whether it may still be joined, and how many threads are at it.
  std::atomic<std::uint64_t> state_{0};

  std::mutex mutex_;  // for sleeping only
  std::condition_variable wake_;
  std::condition_variable left_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> stopping_{false};
  std::vector<base::Thread> workers_;
};

}  // namespace hearth::kernels
