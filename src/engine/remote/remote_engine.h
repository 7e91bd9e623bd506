// An engine whose model lives in another process.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/engine.h"
#include "engine/event_queue.h"
#include "engine/wire/channel.h"
#include "engine/wire/convert.h"

namespace hearth::engine {

/// What generations, reader and writer share; outlives the engine as long as a generation does.
struct RemoteRequests {
  std::mutex mutex;
  std::unordered_map<std::uint64_t, std::shared_ptr<EventQueue>> running;  // guarded by mutex
  std::optional<Error> closed;        // guarded by mutex: why no request can run any more
  base::Mailbox<std::string> outbox;  ///< frames for the writer
};

/// Threads: a reader, which gives each event to its request, and a writer, so that no caller waits
/// for the worker.
class RemoteEngine final : public Engine {
 public:
  /// @param channel  its worker said hello and that the model is ready
  RemoteEngine(std::unique_ptr<wire::Channel> channel, ModelInfo model,
               std::function<void()> on_lost);
  ~RemoteEngine() override;

  const ModelInfo& model() const override { return model_; }
  std::unique_ptr<Generation> submit(Request request) override;
  EngineStats stats() const override;
  bool lost() const override { return lost_.load(); }

 private:
  void read_frames();
  void write_frames();
  Result<void> handle(const wire::ToServer& message);
  Result<void> deliver(const wire::Events& events);
  void end(const std::string& why);
  void fail_all(const Error& error);

  std::unique_ptr<wire::Channel> channel_;
  ModelInfo model_;
  std::function<void()> on_lost_;
  std::shared_ptr<RemoteRequests> requests_;
  std::atomic<std::uint64_t> next_ = 1;
  std::atomic<bool> lost_ = false;
  std::atomic<bool> closing_ = false;  ///< we end it: nothing is lost
  mutable std::mutex stats_mutex_;
  EngineStats stats_;  // guarded by stats_mutex_
  base::Thread writer_;
  base::Thread reader_;
};

}  // namespace hearth::engine
