// Everything that a worker says to its server, on a thread of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/engine.h"
#include "engine/wire/channel.h"
#include "engine/wire/convert.h"

namespace hearth::engine {

/// Owns the running generations, collects their events and writes them. Only this thread waits for
/// a server that reads slowly; meanwhile the events merge in their queues. Any thread may call.
class WorkerOutbox {
 public:
  /// @param channel  must outlive the outbox
  explicit WorkerOutbox(wire::Channel& channel);
  ~WorkerOutbox() { stop(); }

  /// Cancels what still runs and ends the thread; nothing is sent any more.
  void stop();

  void send(const wire::ToServer& message);
  /// From now on the numbers of this engine are sent too, when they change. It must live until
  /// stop().
  void watch(const Engine& engine) { mailbox_->post(Watch{&engine}); }
  void add(std::uint64_t request, std::unique_ptr<Generation> generation) {
    mailbox_->post(Add{request, std::move(generation)});
  }
  /// Cancels a request; one that has ended already is nobody's mistake.
  void drop(std::uint64_t request) { mailbox_->post(Drop{request}); }

 private:
  struct Frame {
    std::string bytes;
  };
  struct Watch {
    const Engine* engine;
  };
  struct Add {
    std::uint64_t request;
    std::unique_ptr<Generation> generation;
  };
  struct Ready {
    std::uint64_t request;
  };
  struct Drop {
    std::uint64_t request;
  };
  using Message = std::variant<Frame, Watch, Add, Ready, Drop>;
  using Box = base::Mailbox<Message>;

  void run();
  Result<void> handle(Message message);
  Result<void> send_events(std::uint64_t request);
  Result<void> send_stats();
  Result<void> write(const wire::ToServer& message);
  Result<void> flush();

  wire::Channel& channel_;
  std::shared_ptr<Box> mailbox_;  // shared with the wake calls of generations
  // Of the outbox's thread:
  std::map<std::uint64_t, std::unique_ptr<Generation>> generations_;
  const Engine* engine_ = nullptr;
  std::string sent_stats_;
  std::string unsent_;  // frames of one step leave together
  bool reported_idle_ = true;
  base::Instant stats_due_{};
  base::Thread thread_;
};

}  // namespace hearth::engine
