// The steps of the engine thread.
#include "engine/host/engine_loop.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace hearth::engine {
namespace {

constexpr double kLongestRetryS = 120;
constexpr double kNewest = 0.1;  // weight of the latest request in what requests take

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

void recall_step_times(const LoopOptions& options, const std::string& key, StepPacer& pacer) {
  if (options.step_times.empty()) return;
  const auto table = read_step_times(options.step_times, key);
  if (!table) return log_warn("engine", "step times are learned anew: {}", table.error().message);
  pacer.times().restore(*table);
  if (!table->empty()) pacer.stop_trials();
}

void keep_step_times(const LoopOptions& options, const std::string& key, const StepPacer& pacer) {
  const auto table = pacer.times().table();
  if (options.step_times.empty() || table.empty()) return;
  if (const auto kept = write_step_times(options.step_times, key, table); !kept)
    log_warn("engine", "step times are not kept: {}", kept.error().message);
}

}  // namespace

EngineLoop::Work::Work(LoadedModel loaded, const LoopOptions& options, std::function<void()> wake)
    : model(std::move(loaded)),
      cache({.pages = model.pages,
             .states = model.states,
             .windows = model.windows,
             .share = options.prefix_cache}),
      scheduler(options.limits, cache),
      pacer(options),
      rest_after(options.rest_after),
      keeper({cache, scheduler, *model.runner},
             PromptFolder(options.prompts, options.prompts_bytes),
             {.model = model.info.name,
              .fingerprint = model.info.fingerprint,
              .identity = model.identity},
             std::move(wake)) {}

EngineLoop::EngineLoop(LoopOptions options, LoadModel load, Publisher& publisher,
                       std::shared_ptr<LoopMailbox> mailbox)
    : publisher_(publisher),
      mailbox_(std::move(mailbox)),
      thread_("engine", [this, options = std::move(options), load = std::move(load)] {
        run(options, load);
      }) {}

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

double EngineLoop::now_s() const {
  return base::elapsed_ms(born_) / 1000;
}

void EngineLoop::run(const LoopOptions& options, const LoadModel& load) {
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
  Work work(std::move(*loaded), options, [mailbox = mailbox_] { mailbox->post(LookUp{}); });
  const std::string key = work.model.info.fingerprint + " on " + work.model.device;
  recall_step_times(options, key, work.pacer);
  note_stats(work);
  loaded_.post(work.model.info);
  serve(work);
  fail_all(work);
  keep_step_times(options, key, work.pacer);
}

void EngineLoop::serve(Work& work) {
  while (true) {
    if (work.scheduler.idle() && !work.keeper.busy()) {
      assert(work.cache.used() == 0 && work.jobs.empty());
      if (!try_out(work)) {
        auto message = await_message(work);
        if (!message) return;
        handle(work, std::move(*message));
      }
    }
    for (auto& message : mailbox_->drain()) handle(work, std::move(message));
    if (mailbox_->closed()) return;
    if (work.scheduler.idle())
      note_stats(work);
    else
      step(work);
    tend_prompts(work);
  }
}

std::optional<LoopMessage> EngineLoop::await_message(Work& work) {
  auto message = mailbox_->wait_until(base::SteadyClock::now() + work.rest_after);
  if (message || mailbox_->closed()) return message;
  work.model.runner->rest();
  note_stats(work);
  return mailbox_->wait();
}

void EngineLoop::handle(Work& work, LoopMessage message) {
  if (auto* begin = std::get_if<StartJob>(&message)) {
    start(work, std::move(begin->job));
  } else if (const auto* drop = std::get_if<DropJob>(&message)) {
    if (!work.keeper.drop(drop->id)) end(work, drop->id);
  }
}

void EngineLoop::start(Work& work, Job job) {
  if (job.reply->events().abandoned()) return;  // its client left before it came here
  if (job.keep)
    if (auto open = work.keeper.check_open(); !open)
      return refuse(work, job, std::move(open).error());
  SequenceTraits traits{.priority = job.standpoint.priority,
                        .client = job.standpoint.client,
                        .salt = job.salt,
                        .adapters = job.adapters,
                        .reuse = job.reuse_prefix,
                        .marks = std::move(job.marks)};
  const std::uint32_t beyond = work.model.stretched_beyond;
  if (beyond > 0 && job.prompt.size() > beyond) traits.salt.insert(0, "stretched,");
  const double waited_s = base::elapsed_ms(job.submitted) / 1000;
  if (job.standpoint.deadline_ms)
    traits.expiry_s = now_s() - waited_s + *job.standpoint.deadline_ms / 1000.0;
  auto sequence = std::make_unique<Sequence>(job.id(), std::move(job.prompt), job.max_new_tokens,
                                             std::move(traits));
  if (job.prompt_logprobs) sequence->want_prompt_logits();
  Newcomer newcomer{.job = std::move(job), .sequence = std::move(sequence)};
  if (!work.keeper.await(newcomer)) enter_queue(work, std::move(newcomer));
}

void EngineLoop::enter_queue(Work& work, Newcomer newcomer) {
  Job& job = newcomer.job;
  auto queued = work.scheduler.submit(std::move(newcomer.sequence), now_s());
  if (!queued) return refuse(work, job, std::move(queued).error());
  StepNews news = news_now();
  news.news.push_back({.reply = job.reply, .admitted = true});
  publisher_.post(std::move(news));
  const SequenceId id = job.id();
  work.jobs.emplace(id, std::move(job));
}

// Between two steps: saved prompts come and go, a few pages at a time.
void EngineLoop::tend_prompts(Work& work) {
  PromptKeeper::Outcome outcome = work.keeper.work();
  if (outcome.lost) lose_pages(work, {.message = "a saved prompt could not be moved"});
  for (Newcomer& newcomer : outcome.ready) enter_queue(work, std::move(newcomer));
  if (outcome.news.empty()) return;
  StepNews news = news_now();
  news.news = std::move(outcome.news);
  publisher_.post(std::move(news));
}

// The device failed outside of a step: all that it held is computed anew.
void EngineLoop::lose_pages(Work& work, const Error& why) {
  log_error("engine", "the cache is empty now: {}", why.message);
  work.scheduler.forget_pages();
  work.model.runner->forget();
}

void EngineLoop::refuse(Work& work, const Job& job, Error error) {
  if (error.code == ErrorCode::RateLimited) {
    const double turns = (work.scheduler.waiting() + 1.0) / std::max(1U, work.scheduler.running());
    const double wait_s = std::clamp(turns * work.request_s, 1.0, kLongestRetryS);
    error.retry_after = std::chrono::seconds(std::lround(wait_s));
  }
  StepNews news = news_now();
  news.news.push_back({.reply = job.reply, .error = std::move(error)});
  publisher_.post(std::move(news));
}

void EngineLoop::step(Work& work) {
  StepNews news{.started = base::SteadyClock::now(), .ended = {}, .news = {}};
  const StepPlan& plan =
      work.scheduler.plan_step({work.pacer.budget(work.scheduler.load()), now_s()});
  tell_expired(work, plan, news);
  if (plan.empty()) {
    note_stats(work);
    return publisher_.post(std::move(news));
  }
  for (const Slice& slice : plan.slices) work.prompt_tokens += prompt_part(slice);
  const std::uint32_t depth = depth_of(plan);
  work.latest.step_tokens = plan.tokens;
  work.latest.step_decoding = plan.decoding;
  StepRows rows(work.jobs, plan);
  const auto computed = work.model.runner->run(
      plan,
      [&](std::size_t slice, std::uint32_t row, auto logits) { rows.take(slice, row, logits); });
  ++work.steps;
  work.latest.step_ms = base::elapsed_ms(news.started);
  note_memory(work, plan);
  if (computed) {
    work.pacer.observe(plan.tokens, depth, work.latest.step_ms);
    work.scheduler.commit();
    report_progress(work, plan, rows, news);
    for (DrawnToken& drawn : rows.take_drawn()) accept(work, std::move(drawn), news);
  } else {
    fail_step(work, plan, computed.error(), news);
  }
  news.ended = base::SteadyClock::now();
  note_stats(work);  // first: who reads the last event may ask for them
  publisher_.post(std::move(news));
}

void EngineLoop::tell_expired(Work& work, const StepPlan& plan, StepNews& news) {
  for (const SequenceId id : plan.expired) {
    const Job& job = work.jobs.at(id);
    news.news.push_back(
        {.reply = job.reply,
         .error = Error{.code = ErrorCode::Timeout,
                        .message = fmt::format("the request was not done within its {} ms; allow "
                                               "it more time, or send it when less is going on",
                                               *job.standpoint.deadline_ms)}});
    work.jobs.erase(id);
  }
}

void EngineLoop::report_progress(Work& work, const StepPlan& plan, StepRows& rows, StepNews& news) {
  for (std::size_t i = 0; i < plan.slices.size(); ++i) {
    const Sequence& sequence = *plan.slices[i].sequence;
    if (sequence.generated() > 0) continue;
    Job& job = work.jobs.at(sequence.id());
    std::optional<Found> found;
    if (!std::exchange(job.started, true)) {
      job.started_s = now_s();
      found = Found{sequence.cached_tokens(), sequence.prefix_miss()};
    }
    news.news.push_back({.reply = job.reply,
                         .found = std::move(found),
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
  if (item.finish && job.keep) {
    const auto prompt = sequence.tokens().first(sequence.prompt_tokens());
    work.keeper.keep({.tokens = {prompt.begin(), prompt.end()}, .salt = sequence.traits().salt},
                     *job.keep, std::move(item));
    return end(work, sequence.id());
  }
  if (item.finish || item.error) end(work, sequence.id());
  news.news.push_back(std::move(item));
}

// Nothing in any page counts any more. A sequence that was alone in the step is the faulty one.
void EngineLoop::fail_step(Work& work, const StepPlan& plan, const Error& error, StepNews& news) {
  log_error("engine", "a step of {} tokens for {} requests failed: {}", plan.tokens,
            plan.slices.size(), error.message);
  std::optional<SequenceId> faulty;
  if (plan.slices.size() == 1) faulty = plan.slices.front().sequence->id();
  work.scheduler.forget_computed();
  work.model.runner->forget();
  if (!faulty) return;
  news.news.push_back({.reply = work.jobs.at(*faulty).reply, .error = error});
  end(work, *faulty);
}

void EngineLoop::end(Work& work, SequenceId id) {
  work.scheduler.remove(id);
  const auto found = work.jobs.find(id);
  if (found == work.jobs.end()) return;
  if (found->second.started)
    work.request_s += kNewest * (now_s() - found->second.started_s - work.request_s);
  if (const std::uint64_t peak = found->second.peak_bytes; peak > 0) {
    work.memory.request_bytes = peak;
    work.memory.largest_request_bytes = std::max(work.memory.largest_request_bytes, peak);
  }
  work.jobs.erase(found);
}

// One step of made-up tokens, in pages that nobody holds.
bool EngineLoop::try_out(Work& work) {
  const auto tokens = work.pacer.next_trial();
  const std::uint32_t pages = tokens ? pages_for(*tokens) : 0;
  WindowPages& windows = work.cache.windows();
  if (!tokens || work.cache.stats().free < pages || (windows.on() && windows.free() < pages))
    return false;
  Sequence sequence(SequenceId{0}, std::vector<TokenId>(*tokens, 0), 1);
  for (std::uint32_t i = 0; i < pages; ++i) {
    sequence.add_page(*work.cache.take());
    if (windows.on()) sequence.windows().add(*work.cache.take_window());
  }
  if (work.cache.recurrent()) sequence.set_state(*work.cache.take_state());
  StepPlan plan;
  plan.state_saves = work.scheduler.take_saves();
  plan.add(sequence, *tokens);
  const base::Instant start = base::SteadyClock::now();
  const auto computed = work.model.runner->run(plan, [](std::size_t, std::uint32_t, auto) {});
  if (computed) {
    work.pacer.tried(*tokens, base::elapsed_ms(start));
  } else {
    log_warn("engine", "step times cannot be measured: {}", computed.error().message);
    work.pacer.stop_trials();
  }
  note_memory(work, plan);
  work.cache.retire(sequence);
  if (!computed) lose_pages(work, computed.error());
  return true;
}

void EngineLoop::fail_all(Work& work) {
  StepNews news = news_now();
  const auto fail_one = [&](const std::shared_ptr<Reply>& reply) {
    news.news.push_back(
        {.reply = reply,
         .error = Error{.code = ErrorCode::Cancelled,
                        .message = fmt::format("the model {} was unloaded while it served this "
                                               "request; send the request again",
                                               work.model.info.name)}});
  };
  for (const auto& [id, job] : work.jobs) fail_one(job.reply);
  for (const auto& reply : work.keeper.unfinished()) fail_one(reply);
  for (const auto& message : mailbox_->drain())
    if (const auto* begin = std::get_if<StartJob>(&message)) fail_one(begin->job.reply);
  publisher_.post(std::move(news));
}

}  // namespace hearth::engine
