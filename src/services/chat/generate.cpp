// Replies: waiting for the model, then handing on the engine's events.
#include "services/chat/generate.h"

#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace hearth::services {

/// What the reader and the pool's threads share. The mutable fields are guarded by the mutex, which
/// is never held while somebody else's code runs that could come back.
struct Reply::Shared : std::enable_shared_from_this<Reply::Shared> {
  Shared(Metrics& counts, engine::Request asked)
      : metrics(counts), id(asked.id), whole(asked.whole), request(std::move(asked)) {}

  std::mutex mutex;
  Metrics& metrics;
  const std::string id;
  const bool whole;         // its text comes at once: when it began, only the last event tells
  engine::Request request;  // until the engine takes it; the loading thread's own
  Lease lease;
  std::unique_ptr<engine::Generation> generation;
  std::vector<ReplyEvent> early;  // from before the engine took over
  std::function<void()> wake;
  std::function<void()> leave;  // the queue of those who wait for the load, until it is over
  bool waiting = false;         // there may be events that nobody was told of, or that nobody took
  bool abandoned = false;
  bool cancelled = false;  // by its id; nothing else comes after that
  bool ended = false;
  base::Instant started = base::SteadyClock::now();
  bool answering = false;       // the first token has come
  std::shared_ptr<void> entry;  // in the table of running replies

  bool cancel();
  void load_progress(double progress);
  void engine_ready(Result<Lease> ready);
  void waits_for_load(std::function<void()> leaves);
  void post(ReplyEvent event);
  void wake_reader();
  void note(const ReplyEvent& event);
};

bool Reply::Shared::cancel() {
  Lease used;  // both go after the lock
  std::unique_ptr<engine::Generation> dropped;
  std::function<void()> leaves;
  {
    const std::lock_guard lock(mutex);
    if (abandoned || cancelled || ended) return false;
    leaves = std::move(leave);
    cancelled = true;
    early.emplace_back(engine::Failed{
        {.code = ErrorCode::Cancelled, .message = "the request was cancelled by its id"}});
    used = std::move(lease);
    dropped = std::move(generation);
  }
  if (leaves) leaves();
  wake_reader();
  return true;
}

void Reply::Shared::waits_for_load(std::function<void()> leaves) {
  {
    const std::lock_guard lock(mutex);
    if (!abandoned && !cancelled) {
      leave = std::move(leaves);
      return;
    }
  }
  leaves();
}

void Reply::Shared::load_progress(double progress) {
  post(LoadProgressEvent{progress});
}

void Reply::Shared::engine_ready(Result<Lease> ready) {
  if (!ready) return post(engine::Failed{std::move(ready).error()});
  {
    const std::lock_guard lock(mutex);
    if (abandoned || cancelled) return;
  }
  auto running = (*ready)->submit(std::move(request));
  running->on_ready([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake_reader();
  });
  {
    const std::lock_guard lock(mutex);
    if (abandoned || cancelled) return;  // `running` goes, and cancels
    early.emplace_back(EngineReady{(*ready)->model()});
    lease = std::move(*ready);
    generation = std::move(running);
  }
  wake_reader();
}

/// Adds an event from before the engine took over; progress replaces progress.
void Reply::Shared::post(ReplyEvent event) {
  {
    const std::lock_guard lock(mutex);
    if (abandoned || cancelled) return;
    const bool again = std::holds_alternative<LoadProgressEvent>(event) && !early.empty() &&
                       std::holds_alternative<LoadProgressEvent>(early.back());
    if (again)
      early.back() = std::move(event);
    else
      early.push_back(std::move(event));
  }
  wake_reader();
}

void Reply::Shared::wake_reader() {
  std::function<void()> reader;
  {
    const std::lock_guard lock(mutex);
    waiting = true;
    reader = wake;
  }
  if (reader) reader();
}

namespace {

/// Positions only: the texts of prompts do not belong into a log.
void log_prefix(const std::string& id, const engine::Finished& finished) {
  const auto& [rule, position, here, earlier] = finished.prefix;
  if (rule == engine::PrefixRule::Hit || rule == engine::PrefixRule::NoEarlierPrompt ||
      rule == engine::PrefixRule::Off)
    return log_debug("chat", "{}: {} of {} prompt tokens came from the cache ({})", id,
                     finished.usage.cached_tokens, finished.usage.prompt_tokens,
                     engine::name(rule));
  log_info("chat", "{}: {} of {} prompt tokens came from the cache, then: {} at token {}", id,
           finished.usage.cached_tokens, finished.usage.prompt_tokens, engine::name(rule),
           position);
}

}  // namespace

void Reply::Shared::note(const ReplyEvent& event) {
  if (std::holds_alternative<engine::TextDelta>(event)) {
    if (!whole && !std::exchange(answering, true)) metrics.first_token(base::elapsed_ms(started));
  } else if (const auto* finished = std::get_if<engine::Finished>(&event)) {
    ended = true;
    if (whole && finished->usage.completion_tokens > 0)
      metrics.first_token(base::elapsed_ms(started) - finished->timings.decode_ms);
    metrics.generation_finished(finished->usage, base::elapsed_ms(started));
    log_prefix(id, *finished);
  } else if (const auto* failed = std::get_if<engine::Failed>(&event)) {
    ended = true;
    if (cancelled)
      metrics.generation_cancelled();
    else
      metrics.generation_failed(failed->error.code);
  }
}

Reply::Reply(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Reply::~Reply() {
  if (!shared_) return;
  // These go here, after the lock, and not with a thread of the engine that is just telling us.
  Lease used;
  std::unique_ptr<engine::Generation> cancelled;
  std::shared_ptr<void> entry;
  std::function<void()> leaves;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->abandoned = true;
    shared_->wake = {};
    if (!shared_->ended) shared_->metrics.generation_cancelled();
    used = std::move(shared_->lease);
    cancelled = std::move(shared_->generation);
    entry = std::move(shared_->entry);
    leaves = std::move(shared_->leave);
  }
  if (leaves) leaves();
}

std::vector<ReplyEvent> Reply::drain() {
  const std::lock_guard lock(shared_->mutex);
  shared_->waiting = false;
  std::vector<ReplyEvent> events = std::exchange(shared_->early, {});
  if (shared_->generation)
    for (engine::Event& event : shared_->generation->drain())
      std::visit([&](auto& one) { events.emplace_back(std::move(one)); }, event);
  for (const ReplyEvent& event : events) shared_->note(event);
  return events;
}

bool Reply::cancelled() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->cancelled;
}

void Reply::on_ready(std::function<void()> wake) {
  std::function<void()> now;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->wake = std::move(wake);
    if (shared_->waiting) now = shared_->wake;
  }
  if (now) now();
}

namespace {

/// What a model that answers no prompts is; empty for all others.
std::string_view other_kind(const ModelEntry& model) {
  if (model.kind == "embedding") return "an embedding model";
  if (model.kind == "reranker") return "a reranker";
  if (model.kind == "speech-to-text") return "a speech-to-text model";
  if (model.kind == "text-to-speech") return "a text-to-speech model";
  return {};
}

}  // namespace

Result<ModelEntry> Generator::find(const std::string& model) const {
  const std::string& wanted = model.empty() ? default_model_ : model;
  if (wanted.empty())
    return fail(Error{.code = ErrorCode::MissingArgument,
                      .message = "model: is required, since no model is served by default",
                      .param = "model"});
  ModelEntry found = TRY(library_.resolve(wanted));
  if (const auto kind = other_kind(found); !kind.empty())
    return fail(Error{.code = ErrorCode::UnsupportedCapability,
                      .message = fmt::format("{} is {} and answers no prompts: name a text or "
                                             "vision model; `hearth list` shows the kind of each",
                                             found.id, kind),
                      .param = "model"});
  return found;
}

Reply Generator::start(const ModelEntry& model, engine::Request request,
                       const std::string& answer_id, const std::optional<KeepAlive>& keep) {
  const std::string id = request.id;
  auto shared = std::make_shared<Reply::Shared>(metrics_, std::move(request));
  shared->entry = running_.add({id, answer_id}, [weak = std::weak_ptr(shared)] {
    const auto self = weak.lock();
    return self && self->cancel();
  });
  metrics_.generation_started();
  const WaitId wait = pool_.acquire(
      model, [shared](Result<Lease> ready) { shared->engine_ready(std::move(ready)); },
      [shared](double progress) { shared->load_progress(progress); }, keep);
  if (wait != 0) shared->waits_for_load([&pool = pool_, wait] { pool.leave(wait); });
  return Reply(shared);
}

}  // namespace hearth::services
