// Wiring of the threads, and the handle of a request.
#include "engine/host/local_engine.h"

#include <utility>

namespace hearth::engine {
namespace {

/// Dropping it cancels the request within one step.
class LocalGeneration final : public Generation {
 public:
  LocalGeneration(SequenceId id, std::shared_ptr<EventQueue> events,
                  std::shared_ptr<LoopMailbox> mailbox)
      : id_(id), events_(std::move(events)), mailbox_(std::move(mailbox)) {}

  ~LocalGeneration() override {
    events_->abandon();  // first: a job that has not reached the loop yet is dropped on arrival
    mailbox_->post(DropJob{id_});
  }

  std::vector<Event> drain() override { return events_->drain(); }
  void on_ready(std::function<void()> wake) override { events_->on_ready(std::move(wake)); }
  std::vector<Event> wait() override { return events_->wait(); }

 private:
  SequenceId id_;
  std::shared_ptr<EventQueue> events_;
  std::shared_ptr<LoopMailbox> mailbox_;
};

}  // namespace

LocalEngine::LocalEngine(LoopOptions options, LoadModel load)
    : publisher_([mailbox = mailbox_](SequenceId id) { mailbox->post(DropJob{id}); }),
      loop_(std::move(options), std::move(load), publisher_, mailbox_) {}

Result<std::unique_ptr<Engine>> LocalEngine::open(LoopOptions options, ModelTexts texts,
                                                  LoadModel load) {
  std::unique_ptr<LocalEngine> engine(new LocalEngine(std::move(options), std::move(load)));
  engine->model_ = TRY(engine->loop_.await_model());
  PromptReader reader{.tokenizer = std::move(texts.tokenizer),
                      .chat_template = std::move(texts.chat_template),
                      .sampling = texts.sampling,
                      .vocabulary = engine->model_.vocabulary,
                      .context_length = engine->model_.context_length,
                      .end_tokens = engine->model_.end_tokens,
                      .adapters = engine->model_.adapters,
                      .marks = engine->stats().scheduler.states_total > 0};
  engine->intake_ = std::make_unique<Intake>(
      std::move(reader),
      [mailbox = engine->mailbox_](Job job) { return mailbox->post(StartJob{std::move(job)}); });
  return engine;
}

std::unique_ptr<Generation> LocalEngine::submit(Request request) {
  const auto id = SequenceId{next_++};
  auto events = std::make_shared<EventQueue>(request.whole);
  auto generation = std::make_unique<LocalGeneration>(id, events, mailbox_);
  intake_->post({.id = id,
                 .request = std::move(request),
                 .events = std::move(events),
                 .submitted = base::SteadyClock::now()});
  return generation;
}

}  // namespace hearth::engine
