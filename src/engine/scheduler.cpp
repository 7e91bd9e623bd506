// The queue's ends: submitting, committing, removing, expiring; ranks.
#include "engine/scheduler.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace hearth::engine {
namespace {

constexpr double kAgingPerSecond = 0.1;  // levels of priority
constexpr double kLongPrompt = 8192;     // tokens: from here on a prompt is set back by kLengthCost
constexpr double kLengthCost = 0.5;      // levels of priority, so five seconds of waiting
constexpr std::uint32_t kNotShared = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Scheduler::Scheduler(SchedulerLimits limits, PageCache& cache)
    : limits_(limits), cache_(cache), history_(cache.tree()) {
  assert(limits_.sequences > 0 && limits_.tokens_per_step > 0);
}

Scheduler::~Scheduler() {
  unpin();
  for (Sequence* sequence : running_) cache_.retire(*sequence);
}

Result<void> Scheduler::submit(std::unique_ptr<Sequence> sequence, double now_s) {
  const std::uint64_t tokens = sequence->most_computed();
  const WindowPages& windows = cache_.windows();
  const bool narrow = windows.on() && windows.total() < most_windows();
  const std::uint32_t room = narrow ? std::min(windows.total(), cache_.total()) : cache_.total();
  if (pages_for(tokens) > room)
    return fail(ErrorCode::OutOfMemory,
                "the request may need memory for {} tokens ({} of them its prompt), but the model "
                "has room for {}; lower max_tokens or shorten the prompt",
                tokens, sequence->prompt_tokens(), std::uint64_t{room} * kPageTokens);
  // Who comes between two steps waits although there is a free place: places count as well.
  if (running_.size() + waiting_.size() >= std::size_t{limits_.sequences} + limits_.waiting)
    return fail(ErrorCode::RateLimited,
                "the queue is full: {} requests run and {} wait; send the request again later",
                running_.size(), waiting_.size());
  Standing& standing = sequence->standing();
  standing.arrived_s = standing.queued_s = now_s;
  if (sequence->traits().expiry_s) ++timed_;
  standing.client = &shares_.join(sequence->traits().client);
  waiting_.push_back(sequence.get());
  all_.emplace(sequence->id(), std::move(sequence));
  return {};
}

const StepPlan& Scheduler::plan_step(StepBudget budget) {
  assert(budget.tokens > 0 && budget.now_s >= now_s_ && pinned_.empty());
  now_s_ = budget.now_s;
  ++step_;
  plan_.clear();
  plan_.state_saves.swap(saves_);
  expire();
  floor_ = shares_.floor();
  logit_rows_left_ = limits_.logit_rows;
  const std::uint32_t tokens = std::min(budget.tokens, limits_.tokens_per_step);
  if (suspects_ > 0) {
    plan_alone(tokens);
    return plan_;
  }
  plan_decoding(tokens);
  if (plan_.preempted.empty()) admit_waiting();  // memory is short: admit nobody this step
  plan_prompts(tokens);
  return plan_;
}

void Scheduler::commit() {
  unpin_windows();  // before leave_behind() counts what is free
  for (const Slice& slice : plan_.slices) {
    Sequence& sequence = *slice.sequence;
    if (sequence.standing().suspect && slice.wants_logits()) {
      sequence.standing().suspect = false;
      --suspects_;
    }
    sequence.mark_computed(slice.tokens);
    sequence.standing().client->served += slice.tokens;
    publish(sequence);
    if (cache_.recurrent()) take_snapshot(sequence);
    if (cache_.windows().on()) leave_behind(sequence);
  }
  unpin();
}

void Scheduler::publish(Sequence& sequence) {
  std::uint32_t& published = sequence.standing().published;
  while (published != kNotShared && (published + 1) * kPageTokens <= sequence.computed())
    published = cache_.publish(sequence, published) ? published + 1 : kNotShared;
}

// Where a prompt was told to pause, and at every page of an answer, of which only the latest stays.
void Scheduler::take_snapshot(Sequence& sequence) {
  const std::uint32_t computed = sequence.computed();
  if (computed == 0 || computed % kPageTokens != 0) return;
  Standing& standing = sequence.standing();
  const bool stop = std::ranges::find(standing.stops, computed) != standing.stops.end();
  const bool answer = computed > sequence.prompt_tokens();
  const std::uint32_t pages = computed / kPageTokens;
  if ((!stop && !answer) || standing.published == kNotShared || standing.published < pages) return;
  const PageId page = sequence.pages()[pages - 1];
  if (cache_.has_snapshot(page)) return;
  if (answer && standing.rolling != kNoPage) cache_.drop_snapshot(standing.rolling);
  const auto state = cache_.add_snapshot(page);
  if (!state) return;
  saves_.push_back({.from = sequence.state(), .to = *state});
  if (answer) standing.rolling = page;
}

// Whoever gives a window page back will need another one, and may rely on it where that is free.
void Scheduler::leave_behind(Sequence& sequence) {
  Standing& standing = sequence.standing();
  WindowTable& table = sequence.windows();
  const std::uint32_t first = cache_.windows().first_read(sequence.computed());
  const auto others_go_on_from = [&](std::uint32_t index) {
    return std::ranges::any_of(standing.stops, [&](std::uint32_t stop) {
      return index < stop / kPageTokens && index >= cache_.windows().first_read(stop);
    });
  };
  const std::uint32_t ahead = pages_for(sequence.most_computed()) - table.end();
  while (table.first() < first) {
    const std::uint32_t index = table.first();
    const bool lasting = index < standing.shared_pages || others_go_on_from(index);
    const bool freed = cache_.windows().release(
        table.drop_first(), lasting ? WindowPages::Keep::Long : WindowPages::Keep::Short);
    if (standing.window_reserved >= std::min(ahead, most_windows() - table.size())) continue;
    if (!freed && spare_windows() == 0) continue;
    ++standing.window_reserved;
    ++outstanding_windows_;
  }
}

void Scheduler::unpin() {
  unpin_windows();
  for (const PageId page : pinned_) cache_.release(page);
  pinned_.clear();
}

void Scheduler::unpin_windows() {
  for (const PageId page : pinned_windows_) cache_.windows().release(page);
  pinned_windows_.clear();
}

void Scheduler::forget_computed() {
  for (const Slice& slice : plan_.slices) {
    Standing& standing = slice.sequence->standing();
    if (!std::exchange(standing.suspect, true)) ++suspects_;
  }
  forget_pages();
}

void Scheduler::forget_pages() {
  for (Sequence* sequence : running_) {
    sequence->take_pages();
    sequence->windows().take();
    sequence->set_state(kNoState);
    Standing& standing = sequence->standing();
    --standing.client->running;
    standing.running = false;
    standing.queued_s = now_s_;
    standing.published = standing.window_reserved = 0;
    standing.rolling = kNoPage;
    waiting_.push_back(sequence);
  }
  running_.clear();
  outstanding_ = outstanding_windows_ = 0;
  saves_.clear();
  pinned_.clear();
  pinned_windows_.clear();
  plan_.clear();
  cache_.reset();
}

bool Scheduler::remove(SequenceId id) {
  const auto found = all_.find(id);
  if (found == all_.end()) return false;
  Sequence& sequence = *found->second;
  if (sequence.standing().running) {
    history_.remember(sequence);
    stop_running(sequence);
  } else {
    std::erase(waiting_, &sequence);
  }
  if (sequence.standing().suspect) --suspects_;
  if (sequence.traits().expiry_s) --timed_;
  shares_.leave(sequence.traits().client);
  all_.erase(found);
  return true;
}

void Scheduler::expire() {
  if (timed_ == 0) return;
  for (const auto* list : {&running_, &waiting_})
    for (const Sequence* sequence : *list)
      if (sequence->traits().expiry_s && *sequence->traits().expiry_s <= now_s_)
        plan_.expired.push_back(sequence->id());
  for (const SequenceId id : plan_.expired) remove(id);
}

Scheduler::Load Scheduler::load() const {
  Load load;
  std::uint64_t depth = 0;
  for (const Sequence* sequence : running_) {
    if (sequence->uncomputed() == 1 && sequence->generated() > 0) {
      ++load.decoding;
      depth += sequence->computed();
    } else {
      load.prompt_depth = std::max(load.prompt_depth, sequence->computed());
    }
  }
  if (load.decoding > 0) load.decoding_depth = static_cast<std::uint32_t>(depth / load.decoding);
  return load;
}

std::array<std::uint32_t, 3> Scheduler::waiting_by_priority() const {
  std::array<std::uint32_t, 3> counts{};
  for (const Sequence* sequence : waiting_)
    ++counts[static_cast<std::size_t>(sequence->traits().priority)];
  return counts;
}

double Scheduler::base_rank(const Sequence& sequence) const {
  return static_cast<double>(sequence.traits().priority) +
         FairShare::debt(sequence.standing().client->served, floor_);
}

double Scheduler::rank(const Sequence& sequence) const {
  const Standing& standing = sequence.standing();
  const double base = base_rank(sequence) - kAgingPerSecond * standing.waited_s;
  if (standing.running) return base;
  const double cost = kLengthCost * std::min(1.0, sequence.length() / kLongPrompt);
  return base + cost - kAgingPerSecond * (now_s_ - standing.queued_s);
}

// Between clients only the time counts since the client had its last turn, or else a crowd that
// has waited for long would keep out whoever comes later.
double Scheduler::turn_rank(const Sequence& sequence, double turn_s) const {
  const Standing& standing = sequence.standing();
  const double waited = standing.waited_s + now_s_ - standing.queued_s;
  return rank(sequence) + kAgingPerSecond * (waited - std::min(waited, now_s_ - turn_s));
}

std::uint32_t Scheduler::outstanding(const Sequence& sequence) const {
  const auto held = static_cast<std::uint32_t>(sequence.pages().size());
  const std::uint32_t reserved = sequence.standing().reserved_pages;
  return reserved > held ? reserved - held : 0;
}

void Scheduler::check_integrity() const {
  assert(running_.size() <= limits_.sequences && pinned_.empty());
  std::vector<std::uint32_t> holders(cache_.total(), 0);
  std::vector<std::uint32_t> window_holders(cache_.windows().total(), 0);
  std::uint32_t reserved = 0;
  std::uint32_t windows_reserved = 0;
  for (const Sequence* sequence : running_) {
    assert(pages_for(sequence->computed()) <= sequence->pages().size());
    for (const PageId page : sequence->pages()) ++holders[static_cast<std::size_t>(page)];
    reserved += outstanding(*sequence);
    windows_reserved += sequence->standing().window_reserved;
    if (!cache_.windows().on()) continue;
    const WindowTable& table = sequence->windows();
    assert(table.end() == sequence->pages().size() && table.size() <= most_windows());
    for (const PageId page : table.pages()) ++window_holders[static_cast<std::size_t>(page)];
  }
  assert(reserved == outstanding_ && reserved <= cache_.available());
  assert(windows_reserved == outstanding_windows_);
  assert(windows_reserved <= cache_.windows().available());
  for (const Sequence* sequence : waiting_)
    assert(sequence->pages().empty() && sequence->windows().size() == 0);
  assert(running_.size() + waiting_.size() == all_.size());
  for (std::size_t page = 0; page < holders.size(); ++page)
    assert(cache_.holders(static_cast<PageId>(page)) == holders[page]);
  for (std::size_t page = 0; page < window_holders.size(); ++page)
    assert(cache_.windows().holders(static_cast<PageId>(page)) == window_holders[page]);
  cache_.check_integrity();
  static_cast<void>(reserved);
  static_cast<void>(windows_reserved);
}

}  // namespace hearth::engine
