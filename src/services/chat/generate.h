// One generation as the protocols ask for it: which model, which request, and the events that come
// back.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/engine.h"
#include "services/chat/running_replies.h"
#include "services/library/library.h"
#include "services/metrics/metrics.h"
#include "services/pool/pool.h"

namespace hearth::services {

/// The model is being loaded: 0..1. Only the last one that was not taken is kept.
struct LoadProgressEvent {
  double progress = 0;
};
/// The model is there; from now on events are the engine's.
struct EngineReady {
  engine::ModelInfo model;
};
using ReplyEvent =
    std::variant<LoadProgressEvent, EngineReady, engine::Admitted, engine::PromptProgress,
                 engine::TextDelta, engine::Finished, engine::Failed>;

/// The answer to one request, from "the model loads" to the end. Events end with exactly one
/// Finished or Failed. Owner: one reader. Destroying it cancels whatever is under way, also while
/// the model still loads.
class Reply {
 public:
  struct Shared;
  explicit Reply(std::shared_ptr<Shared> shared);
  ~Reply();
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&&) = delete;

  /// All events that are there, without waiting.
  std::vector<ReplyEvent> drain();
  /// Who is told, from any thread, that drain() may have something; called at once if it may. A
  /// last call can come just after the Reply is gone. `wake` may drain.
  void on_ready(std::function<void()> wake);
  /// Whether it was ended by Generator::cancel: its last event is then Failed with Cancelled.
  bool cancelled() const;

 private:
  std::shared_ptr<Shared> shared_;
};

/// Turns a model's name and an engine request into a Reply. Any thread; never blocks.
class Generator {
 public:
  Generator(Library& library, Pool& pool, Metrics& metrics)
      : library_(library), pool_(pool), metrics_(metrics) {}

  /// The model that a request means: resolves names; an empty name means the first model served.
  /// @returns ModelNotFound, or UnsupportedCapability for a model that is not there to answer
  ///          prompts
  Result<ModelEntry> find(const std::string& model) const;
  /// Which model an empty name means.
  void set_default_model(std::string id) { default_model_ = std::move(id); }

  /// Starts; all that goes wrong later is a Failed event. A load for which nobody waits any more,
  /// because all such replies are gone, ends.
  /// @param answer_id  another name than the request's id under which it can be cancelled
  /// @param keep       how long the model stays in memory from now on, where the request says so
  Reply start(const ModelEntry& model, engine::Request request, const std::string& answer_id = {},
              const std::optional<KeepAlive>& keep = {});

  /// Ends every reply that runs under a request's or an answer's id, whatever it waits for; the
  /// engine gives up the work within one step. @returns how many did.
  std::size_t cancel(const std::string& id) { return running_.cancel(id); }

 private:
  Library& library_;
  Pool& pool_;
  Metrics& metrics_;
  std::string default_model_;
  RunningReplies running_;
};

}  // namespace hearth::services
