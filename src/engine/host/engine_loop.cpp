// The steps of the engine thread.
#include "engine/host/engine_loop.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace hearth::engine {
namespace {

StepNews news_now() {
  const base::Instant now = base::SteadyClock::now();
  return {.started = now, .ended = now, .news = {}};
}

/// Tokens of a slice that belong to the prompt, before the step is committed.
std::uint32_t prompt_part(const Slice& slice) {
  const Sequence& sequence = *slice.sequence;
  if (sequence.computed() >= sequence.prompt_tokens()) return 0;
  return std::min(slice.tokens, sequence.prompt_tokens() - sequence.computed());
}

}  // namespace

EngineLoop::Work::Work(LoadedModel loaded, SchedulerLimits limits)
    : model(std::move(loaded)), pages(model.pages), scheduler(limits, pages) {}

EngineLoop::EngineLoop(SchedulerLimits limits, LoadModel load, Publisher& publisher,
                       std::shared_ptr<LoopMailbox> mailbox)
    : publisher_(publisher),
      mailbox_(std::move(mailbox)),
      thread_("engine", [this, limits, load = std::move(load)] { run(limits, load); }) {}

EngineLoop::~EngineLoop() {
  mailbox_->close();
  thread_.join();
}

Result<ModelInfo> EngineLoop::await_model() {
  return *loaded_.wait();
}

EngineStats EngineLoop::stats() const {
  const std::lock_guard lock(stats_mutex_);
  return stats_;
}

void EngineLoop::run(SchedulerLimits limits, const LoadModel& load) {
  auto loaded = [&]() -> Result<LoadedModel> {
    try {
      return load();
    } catch (const std::exception& error) {
      return fail(ErrorCode::Internal, "the model cannot be loaded: {}", error.what());
    }
  }();
  if (!loaded) {
    loaded_.post(fail(std::move(loaded).error()));
    return;
  }
  Work work(std::move(*loaded), limits);
  note_stats(work);
  loaded_.post(work.model.info);
  serve(work);
  fail_all(work);
}

void EngineLoop::serve(Work& work) {
  while (true) {
    if (work.scheduler.idle()) {
      assert(work.pages.used() == 0 && work.jobs.empty());
      auto message = mailbox_->wait();
      if (!message) return;
      handle(work, std::move(*message));
    }
    for (auto& message : mailbox_->drain()) handle(work, std::move(message));
    if (mailbox_->closed()) return;
    if (!work.scheduler.idle()) step(work);
    note_stats(work);
  }
}

void EngineLoop::handle(Work& work, std::variant<StartJob, DropJob> message) {
  if (auto* begin = std::get_if<StartJob>(&message)) {
    start(work, std::move(begin->job));
  } else {
    end(work, std::get<DropJob>(message).id);
  }
}

void EngineLoop::start(Work& work, Job job) {
  if (job.reply->events().abandoned()) return;  // its client left before it came here
  auto sequence = std::make_unique<Sequence>(job.id(), std::move(job.prompt), job.max_new_tokens);
  if (job.prompt_logprobs) sequence->want_prompt_logits();
  auto queued = work.scheduler.submit(std::move(sequence));
  if (queued) {
    const SequenceId id = job.id();
    work.jobs.emplace(id, std::move(job));
    return;
  }
  StepNews news = news_now();
  news.news.push_back({.reply = std::move(job.reply), .error = std::move(queued).error()});
  publisher_.post(std::move(news));
}

void EngineLoop::step(Work& work) {
  StepNews news{.started = base::SteadyClock::now(), .ended = {}, .news = {}};
  const StepPlan plan = work.scheduler.plan_step();
  assert(!plan.empty());
  for (const Slice& slice : plan.slices) work.prompt_tokens += prompt_part(slice);
  StepRows rows(work.jobs, work.sampler, plan);
  const auto computed = work.model.runner->run(
      plan,
      [&](std::size_t slice, std::uint32_t row, auto logits) { rows.take(slice, row, logits); });
  ++work.steps;
  if (computed) {
    work.scheduler.commit(plan);
    report_progress(work, plan, rows, news);
    for (DrawnToken& drawn : rows.drawn()) accept(work, std::move(drawn), news);
  } else {
    fail_step(work, plan, computed.error(), news);
  }
  news.ended = base::SteadyClock::now();
  publisher_.post(std::move(news));
}

void EngineLoop::report_progress(Work& work, const StepPlan& plan, StepRows& rows, StepNews& news) {
  for (std::size_t i = 0; i < plan.slices.size(); ++i) {
    const Sequence& sequence = *plan.slices[i].sequence;
    if (sequence.generated() > 0) continue;
    news.news.push_back({.reply = work.jobs.at(sequence.id()).reply,
                         .progress = PromptProgress{sequence.computed(), sequence.prompt_tokens()},
                         .prompt = rows.take_prompt(i)});
  }
}

void EngineLoop::accept(Work& work, DrawnToken drawn, StepNews& news) {
  Sequence& sequence = *drawn.sequence;
  const Job& job = work.jobs.at(sequence.id());
  News item{.reply = job.reply, .chances = std::move(drawn.chances)};
  if (drawn.token) {
    ++work.completion_tokens;
    sequence.append_token(*drawn.token);
    item.token = *drawn.token;
    if (job.sampling.ends_with(*drawn.token)) {
      item.finish = FinishReason::Stop;
    } else if (sequence.full()) {
      item.finish = job.when_full;
    }
  } else {
    item.error = std::move(drawn.token).error();
  }
  if (item.finish || item.error) end(work, sequence.id());
  news.news.push_back(std::move(item));
}

// Whoever runs has a share in every step, so after this no page holds anything that counts.
void EngineLoop::fail_step(Work& work, const StepPlan& plan, const Error& error, StepNews& news) {
  log_error("engine", "a step of {} tokens for {} requests failed: {}", plan.tokens,
            plan.slices.size(), error.message);
  std::vector<SequenceId> failed;
  failed.reserve(plan.slices.size());
  for (const Slice& slice : plan.slices) failed.push_back(slice.sequence->id());
  for (const SequenceId id : failed) {
    news.news.push_back({.reply = work.jobs.at(id).reply, .error = error});
    end(work, id);
  }
  assert(work.pages.used() == 0);
  work.model.runner->forget();
}

void EngineLoop::end(Work& work, SequenceId id) {
  work.scheduler.remove(id);
  work.jobs.erase(id);
}

void EngineLoop::fail_all(Work& work) {
  StepNews news = news_now();
  const auto fail_one = [&](const Job& job) {
    news.news.push_back(
        {.reply = job.reply,
         .error = Error{.code = ErrorCode::Cancelled,
                        .message = fmt::format("the model {} was unloaded while it served this "
                                               "request; send the request again",
                                               work.model.info.name)}});
  };
  for (const auto& [id, job] : work.jobs) fail_one(job);
  for (const auto& message : mailbox_->drain())
    if (const auto* begin = std::get_if<StartJob>(&message)) fail_one(begin->job);
  publisher_.post(std::move(news));
}

void EngineLoop::note_stats(const Work& work) {
  const StepRunner::Memory memory = work.model.runner->memory();
  const std::lock_guard lock(stats_mutex_);
  stats_ = {.running = work.scheduler.running(),
            .waiting = work.scheduler.waiting(),
            .pages_used = work.pages.used(),
            .pages_total = work.pages.total(),
            .steps = work.steps,
            .prompt_tokens = work.prompt_tokens,
            .completion_tokens = work.completion_tokens,
            .active_bytes = memory.active_bytes,
            .peak_bytes = memory.peak_bytes};
}

}  // namespace hearth::engine
