// Hands out chunks, and lets threads spin, sleep and leave.
#include "kernels/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "kernels/giving_way.h"
#include "kernels/usable_cores.h"

namespace hearth::kernels {

namespace {

// state_: the job's number above, then one bit, then how many threads take part, and at last the
// count of those that are at it.
constexpr std::uint64_t kOpen = std::uint64_t{1} << 32U;
constexpr std::uint64_t kAttached = (std::uint64_t{1} << 16U) - 1;
constexpr unsigned kMostThreads = 0xFFFF;

std::uint64_t number_of(std::uint64_t state) {
  return state >> 33U;
}

std::uint64_t team_of(std::uint64_t state) {
  return state >> 16U & kMostThreads;
}

std::uint64_t closed(std::uint64_t number, unsigned team) {
  return number << 33U | std::uint64_t{team} << 16U;
}

bool takes_part(std::uint64_t state, std::size_t share) {
  return share < team_of(state);
}

bool is_new(std::uint64_t state, std::size_t share, std::uint64_t seen) {
  return (state & kOpen) != 0 && takes_part(state, share) && number_of(state) != seen;
}

// As long as the small steps between two products of a model take; waking a thread costs as much.
constexpr std::chrono::microseconds kSpin{50};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Waits for `ready`, a short time. @returns whether it came.
template <class Ready>
bool spin(Ready ready) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLooksPerTime = 32;
  const auto end = Clock::now() + kSpin;
  do {
    for (int i = 0; i < kLooksPerTime; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (Clock::now() < end);
  return ready();
}

/// A quota lets threads wait too, but fewer of them would leave a part of it unused.
std::unique_ptr<Crew> crew_of_process() {
  if (cores_have_quota()) return nullptr;
  return std::make_unique<GivingWay>(usable_cores());
}

}  // namespace

ThreadPool::ThreadPool(unsigned threads, std::unique_ptr<Crew> crew)
    : shares_(std::clamp(threads, 1U, kMostThreads)),
      state_(closed(0, this->threads())),
      crew_(std::move(crew)) {
  for (std::size_t share = 1; share < shares_.size(); ++share)
    workers_.emplace_back(fmt::format("kernel {}", share), [this, share] { work(share); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true);
  }
  wake_.notify_all();
  rested_.notify_all();
}

ThreadPool& ThreadPool::of_process() {
  // Never destroyed: kernels may still run while the process leaves.
  static auto* const pool = new ThreadPool(usable_cores(), crew_of_process());
  return *pool;
}

void ThreadPool::run_calls(int chunks, Call call, void* body) {
  const bool alone = workers_.empty() || chunks < 2;
  if (alone || busy_.exchange(true, std::memory_order_acquire)) {
    for (int chunk = 0; chunk < chunks; ++chunk) call(body, chunk);
    return;
  }
  const unsigned team = crew_ ? crew_->size() : threads();
  hand_out(chunks, call, body, team);
  take_chunks(0, team);
  state_.fetch_and(~kOpen);
  wait_until_left();
  busy_.store(false, std::memory_order_release);
}

void ThreadPool::hand_out(int chunks, Call call, void* body, unsigned team) {
  call_ = call;
  body_ = body;
  const auto count = static_cast<std::int64_t>(team);
  for (std::int64_t i = 0; i < count; ++i) {
    Share& share = shares_[static_cast<std::size_t>(i)];
    share.next.store(static_cast<int>(chunks * i / count), std::memory_order_relaxed);
    share.end = static_cast<int>(chunks * (i + 1) / count);
  }
  const std::uint64_t before = state_.load(std::memory_order_relaxed);
  state_.store(closed(number_of(before) + 1, team) | kOpen);
  const bool more = team > team_of(before);
  // A worker counts itself as asleep before it looks at the state for the last time.
  if (sleepers_.load() == 0 && !more) return;
  {
    const std::lock_guard lock(mutex_);
  }
  wake_.notify_all();
  if (more) rested_.notify_all();
}

void ThreadPool::take_chunks(std::size_t first_share, unsigned team) {
  for (std::size_t i = 0; i < team; ++i) {
    Share& share = shares_[(first_share + i) % team];
    while (true) {
      const int chunk = share.next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= share.end) break;
      call_(body_, chunk);
    }
  }
}

/// Until no thread is at the closed job.
void ThreadPool::wait_until_left() {
  const auto left = [this] { return (state_.load() & kAttached) == 0; };
  if (spin(left)) return;
  std::unique_lock lock(mutex_);
  caller_sleeps_.store(true);
  left_.wait(lock, left);
  caller_sleeps_.store(false);
}

void ThreadPool::work(std::size_t share) {
  if (crew_) crew_->joins();
  std::uint64_t seen = 0;
  while (wait_for_job(share, seen)) {
    if (!attach(share, seen)) continue;
    // While this thread is at the job no other one begins.
    take_chunks(share, static_cast<unsigned>(team_of(state_.load(std::memory_order_relaxed))));
    detach();
  }
}

/// @returns false where the pool ends.
bool ThreadPool::wait_for_job(std::size_t share, std::uint64_t seen) {
  rest(share);
  const auto ready = [&] {
    const std::uint64_t state = state_.load();
    return stopping_.load() || is_new(state, share, seen) || !takes_part(state, share);
  };
  if (!spin(ready)) {
    std::unique_lock lock(mutex_);
    sleepers_.fetch_add(1);
    wake_.wait(lock, ready);
    sleepers_.fetch_sub(1);
  }
  return !stopping_.load();
}

/// While the team has no place for this thread: asleep, and nobody calls it for every job.
void ThreadPool::rest(std::size_t share) {
  const auto wanted = [&] { return stopping_.load() || takes_part(state_.load(), share); };
  if (wanted()) return;
  std::unique_lock lock(mutex_);
  rested_.wait(lock, wanted);
}

/// Joins a job that is open and not `seen` yet; then it is.
bool ThreadPool::attach(std::size_t share, std::uint64_t& seen) {
  std::uint64_t state = state_.load();
  while (is_new(state, share, seen)) {
    if (!state_.compare_exchange_weak(state, state + 1)) continue;
    seen = number_of(state);
    return true;
  }
  return false;
}

void ThreadPool::detach() {
  state_.fetch_sub(1);
  if (!caller_sleeps_.load()) return;
  {
    const std::lock_guard lock(mutex_);
  }
  left_.notify_all();
}

}  // namespace hearth::kernels
