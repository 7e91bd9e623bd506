// Sends threads away, and takes them back.
#include "kernels/giving_way.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hearth::kernels {

namespace {

using Seconds = std::chrono::duration<double>;

// A look that is older says nothing of now: the pool had no work in between.
constexpr auto kStale = 4 * TeamSize::kWindow;

/// So much waiting, in cores, costs more than one thread gives. Of two threads, one alone makes
/// two thirds of what both do; what a short task of the system takes is less.
double too_much(unsigned threads) {
  return std::max(0.1, 0.7 / threads);
}

}  // namespace

void TeamSize::restart(Time now, std::chrono::nanoseconds waited) {
  last_ = now;
  last_waited_ = waited;
}

void TeamSize::look(Time now, std::chrono::nanoseconds waited) {
  const auto window = now - last_;
  const double cores = Seconds(waited - last_waited_) / Seconds(window);
  restart(now, waited);
  if (window > kStale) return;
  if (cores > too_much(size_))
    send_away(now, cores);
  else if (now >= rests_until_)
    take_back();
}

void TeamSize::send_away(Time now, double cores) {
  rest_ = tried_ ? std::min(2 * rest_, kLongRest) : kShortRest;
  rests_until_ = now + rest_;
  tried_ = false;
  const auto away = std::max(1U, static_cast<unsigned>(std::lround(cores)));
  size_ -= std::min(size_ - 1, away);
}

void TeamSize::take_back() {
  if (size_ == threads_) {
    tried_ = false;
    return;
  }
  ++size_;
  tried_ = true;
}

void GivingWay::joins() {
  RunDelay own = RunDelay::of_this_thread();
  const std::lock_guard lock(mutex_);
  workers_.push_back(std::move(own));
}

unsigned GivingWay::size() {
  const TeamSize::Time now = std::chrono::steady_clock::now();
  if (!size_.due(now)) return size_.size();
  const auto sum = waited();
  const auto self = std::this_thread::get_id();
  // What nobody told is nothing to compare the next look with.
  const auto before = std::exchange(caller_, sum ? self : std::thread::id());
  if (sum && before == self)
    size_.look(now, *sum);
  else
    size_.restart(now, sum.value_or(std::chrono::nanoseconds(0)));
  return size_.size();
}

std::optional<std::chrono::nanoseconds> GivingWay::waited() const {
  thread_local const RunDelay own = RunDelay::of_this_thread();
  auto sum = own.read();
  const std::lock_guard lock(mutex_);
  for (const RunDelay& worker : workers_) {
    const auto more = worker.read();
    if (!sum || !more) return {};
    *sum += *more;
  }
  return sum;
}

}  // namespace hearth::kernels
