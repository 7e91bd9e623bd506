// Planning of steps, admission and preemption.
#include "engine/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace hearth::engine {
namespace {

template <class Container>
auto find_in(Container& sequences, SequenceId id) {
  return std::find_if(sequences.begin(), sequences.end(),
                      [id](const auto& sequence) { return sequence->id() == id; });
}

}  // namespace

Scheduler::Scheduler(SchedulerLimits limits, PagePool& pages) : limits_(limits), pages_(pages) {
  assert(limits_.sequences > 0 && limits_.tokens_per_step > 0);
}

Scheduler::~Scheduler() {
  for (auto& sequence : running_) free_pages(*sequence);
}

Result<void> Scheduler::submit(std::unique_ptr<Sequence> sequence) {
  const std::uint64_t tokens = sequence->most_computed();
  if (pages_for(tokens) > pages_.total())
    return fail(ErrorCode::OutOfMemory,
                "the request may need memory for {} tokens ({} of them its prompt), but the model "
                "has room for {}; lower max_tokens or shorten the prompt",
                tokens, sequence->prompt_tokens(), std::uint64_t{pages_.total()} * kPageTokens);
  waiting_.push_back(std::move(sequence));
  return {};
}

StepPlan Scheduler::plan_step() {
  StepPlan plan;
  plan_running(plan);
  if (plan.preempted.empty()) plan_waiting(plan);  // memory is short: admit nobody this step
  return plan;
}

void Scheduler::plan_running(StepPlan& plan) {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence& sequence = *running_[i];
    const auto tokens = std::min(sequence.uncomputed(), limits_.tokens_per_step - plan.tokens);
    if (tokens == 0) continue;
    if (!make_room(sequence, tokens, plan)) return;  // it was the newest and had to go itself
    plan.add(sequence, tokens);
  }
}

// A sequence is admitted when there are pages for all the tokens it has now, so no prompt stalls
// half read, and one page more for each that runs, so that admitting it does not preempt somebody
// at once.
void Scheduler::plan_waiting(StepPlan& plan) {
  while (!waiting_.empty() && running_.size() < limits_.sequences) {
    Sequence& next = *waiting_.front();
    const auto tokens = std::min(next.uncomputed(), limits_.tokens_per_step - plan.tokens);
    if (tokens == 0 || !try_grow(next, next.length(), running())) return;  // nobody overtakes
    plan.add(next, tokens);
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

bool Scheduler::make_room(Sequence& sequence, std::uint32_t tokens, StepPlan& plan) {
  while (!try_grow(sequence, std::uint64_t{sequence.computed()} + tokens, /*spare=*/0)) {
    const bool itself = running_.back().get() == &sequence;
    preempt_newest(plan);
    if (itself) return false;
  }
  return true;
}

bool Scheduler::try_grow(Sequence& sequence, std::uint64_t tokens, std::uint32_t spare) {
  const std::uint32_t wanted = pages_for(tokens);
  const auto held = static_cast<std::uint32_t>(sequence.pages().size());
  if (wanted <= held) return true;
  if (pages_.free() < std::uint64_t{wanted - held} + spare) return false;
  for (std::uint32_t i = held; i < wanted; ++i) sequence.add_page(*pages_.take());
  return true;
}

void Scheduler::preempt_newest(StepPlan& plan) {
  std::unique_ptr<Sequence> victim = std::move(running_.back());
  running_.pop_back();
  free_pages(*victim);
  plan.preempted.push_back(victim->id());
  waiting_.push_front(std::move(victim));
}

void Scheduler::commit(const StepPlan& plan) {
  for (const Slice& slice : plan.slices) slice.sequence->mark_computed(slice.tokens);
}

bool Scheduler::remove(SequenceId id) {
  if (const auto found = find_in(running_, id); found != running_.end()) {
    free_pages(**found);
    running_.erase(found);
    return true;
  }
  const auto found = find_in(waiting_, id);
  if (found == waiting_.end()) return false;
  waiting_.erase(found);
  return true;
}

void Scheduler::free_pages(Sequence& sequence) {
  for (const PageId page : sequence.take_pages()) pages_.release(page);
}

void Scheduler::check_integrity() const {
  assert(running_.size() <= limits_.sequences);
  std::vector<std::uint32_t> holders(pages_.total(), 0);
  for (const auto& sequence : running_) {
    assert(pages_for(sequence->computed()) <= sequence->pages().size());
    for (const PageId page : sequence->pages()) ++holders[static_cast<std::size_t>(page)];
  }
  for (const auto& sequence : waiting_) assert(sequence->pages().empty());
  std::uint32_t used = 0;
  for (std::size_t page = 0; page < holders.size(); ++page) {
    assert(pages_.references(static_cast<PageId>(page)) == holders[page]);
    used += holders[page] > 0 ? 1 : 0;
  }
  assert(used == pages_.used());
  static_cast<void>(used);
}

}  // namespace hearth::engine
