// Coroutines on one thread.
#include "load/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace hearth::load {
namespace {

void rethrow(const std::exception_ptr& fault) {
  if (fault) std::rethrow_exception(fault);
}

}  // namespace

void Session::run(std::function<Task<void>()> workload) {
  asio::co_spawn(io_, std::move(workload), rethrow);
  io_.run();
  io_.restart();
}

void Session::spawn(Task<void> task) {
  asio::co_spawn(io_, std::move(task), rethrow);
}

void Session::start(Wanted wanted, Record& record) {
  spawn(ask(std::move(wanted), record));
}

Task<void> Session::ask(Wanted wanted, Record& record) {
  std::unique_ptr<Connection> used;
  if (idle_.empty()) {
    used = connection();
  } else {
    used = std::move(idle_.back());
    idle_.pop_back();
  }
  co_await used->run(std::move(wanted), record);
  idle_.push_back(std::move(used));
}

Task<void> Session::sleep_until(double seconds) {
  asio::steady_timer timer(io_, watch_.at(seconds));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace hearth::load
