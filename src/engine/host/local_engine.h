// An engine whose model lives in this process: four threads behind the narrow door.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/host/engine_loop.h"
#include "engine/host/intake.h"
#include "engine/host/publisher.h"

namespace hearth::engine {

/// What is known of a model before it is loaded.
struct ModelTexts {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const text::ChatTemplate> chat_template;  ///< null: it has none
  Sampling sampling;                                        ///< the model's own defaults
};

/// A request passes the intake (prompt to tokens), the engine thread (tokens to tokens) and the
/// publisher (tokens to text); events wait in its queue for the caller.
class LocalEngine final : public Engine {
 public:
  /// Loads the model on the engine thread; blocks until it is ready or refused.
  static Result<std::unique_ptr<Engine>> open(LoopOptions options, ModelTexts texts,
                                              LoadModel load);
  ~LocalEngine() override = default;

  const ModelInfo& model() const override { return model_; }
  std::unique_ptr<Generation> submit(Request request) override;
  EngineStats stats() const override { return loop_.stats(); }

 private:
  LocalEngine(LoopOptions options, LoadModel load);

  ModelInfo model_;
  std::atomic<std::uint64_t> next_ = 1;
  std::shared_ptr<LoopMailbox> mailbox_ = std::make_shared<LoopMailbox>();
  // Ended in this order: the intake, the loop, the publisher.
  Publisher publisher_;
  EngineLoop loop_;
  std::unique_ptr<Intake> intake_;
};

}  // namespace hearth::engine
