// The simulated clients, memory and model.
#include "engine/testing/simulator.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <utility>

namespace hearth::engine::testing {

Simulator::Simulator(Workload workload, std::uint64_t seed)
    : workload_(std::move(workload)),
      random_(seed),
      cache_({.pages = workload_.pages,
              .states = workload_.states,
              .windows = workload_.windows,
              .share = workload_.share,
              .hash = workload_.hash}),
      scheduler_(workload_.limits, cache_),
      memory_(std::size_t{workload_.pages} * kPageTokens),
      window_memory_(std::size_t{workload_.windows.pages} * kPageTokens),
      states_(workload_.states) {}

Outcome Simulator::run() {
  while (submitted_ < workload_.requests || !scheduler_.idle()) {
    arrive();
    cancel_some();
    step();
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_EQ(cache_.used(), 0U);
  EXPECT_EQ(cache_.windows().used(), 0U);
  EXPECT_EQ(outcome_.finished + outcome_.refused + cancelled_, workload_.requests);
  outcome_.preemptions = scheduler_.counts().preemptions;
  outcome_.hit_tokens = scheduler_.counts().hit_tokens;
  for (std::size_t i = 0; i < 3; ++i)
    outcome_.waited_s[i] = started_[i] > 0 ? waited_[i] / static_cast<double>(started_[i]) : 0;
  return outcome_;
}

std::vector<TokenId> Simulator::new_prompt(std::string& salt) {
  std::vector<TokenId> prompt;
  if (!conversations_.empty() && chance(workload_.conversations)) {
    const auto& earlier =
        conversations_[pick(0, static_cast<std::uint32_t>(conversations_.size()) - 1)];
    prompt = earlier.tokens;
    salt = earlier.salt;
    if (pick(0, 3) == 0)  // as if something was dropped from the history
      prompt.resize(pick(1, static_cast<std::uint32_t>(prompt.size())));
    if (pick(0, 4) == 0) return prompt;  // the same question again
    if (prompt.size() > 500) prompt.resize(100);
  }
  const std::size_t more = pick(0, 9) == 0 ? pick(100, 400) : pick(1, 60);
  for (std::size_t i = 0; i < more; ++i) prompt.push_back(pick(0, 999));
  return prompt;
}

void Simulator::arrive() {
  if (scheduler_.waiting() >= workload_.crowd) return;
  for (std::uint32_t n = pick(0, workload_.arrivals); n > 0 && submitted_ < workload_.requests;
       --n) {
    const auto id = SequenceId{++submitted_};
    SequenceTraits traits;
    traits.salt = pick(0, 9) == 0 ? "adapter" : "";
    std::vector<TokenId> prompt = new_prompt(traits.salt);
    traits.client = std::to_string(pick(0, 4));
    if (workload_.priorities) traits.priority = static_cast<Priority>(pick(0, 2));
    auto sequence =
        std::make_unique<Sequence>(id, std::move(prompt), pick(1, 80), std::move(traits));
    if (scheduler_.submit(std::move(sequence), now_s_))
      alive_.emplace(id, Known{.traces = {}, .arrived_s = now_s_});
    else
      ++outcome_.refused;
  }
}

void Simulator::cancel_some() {
  if (alive_.empty() || !chance(workload_.cancelled)) return;
  auto victim = alive_.begin();
  std::advance(victim,
               pick(0, static_cast<std::uint32_t>(std::min<std::size_t>(alive_.size(), 50)) - 1));
  EXPECT_TRUE(scheduler_.remove(victim->first));
  alive_.erase(victim);
  ++cancelled_;
}

void Simulator::step() {
  const StepPlan& plan = scheduler_.plan_step({workload_.limits.tokens_per_step, now_s_});
  ++outcome_.steps;
  check(plan);
  copy(plan);
  for (Sequence* sequence : plan.admitted) {
    const auto priority = static_cast<std::size_t>(sequence->traits().priority);
    waited_[priority] += now_s_ - alive_.at(sequence->id()).arrived_s;
    ++started_[priority];
  }
  if (!plan.empty() && chance(workload_.failing)) {
    ++outcome_.failures;
    std::ranges::fill(memory_, Trace{0});
    std::ranges::fill(window_memory_, Trace{0});
    std::ranges::fill(states_, Trace{0});
    scheduler_.forget_computed();
    return;
  }
  std::vector<Sequence*> next;
  for (const Slice& slice : plan.slices) {
    compute(slice);
    outcome_.computed_tokens += slice.tokens;
    if (slice.wants_logits()) next.push_back(slice.sequence);
  }
  scheduler_.commit();
  for (Sequence* sequence : next) decode(*sequence);
  if (outcome_.steps % workload_.check_every == 0) scheduler_.check_integrity();
  now_s_ += 0.01;
}

void Simulator::copy(const StepPlan& plan) {
  for (const StateCopy& save : plan.state_saves)
    states_[static_cast<std::size_t>(save.to)] = states_[static_cast<std::size_t>(save.from)];
  std::vector<Trace> restored;
  for (const StateCopy& one : plan.state_restores)
    restored.push_back(states_[static_cast<std::size_t>(one.from)]);
  for (std::size_t i = 0; i < restored.size(); ++i)
    states_[static_cast<std::size_t>(plan.state_restores[i].to)] = restored[i];
  copy_pages(plan.page_copies, memory_, copied_);
  copy_pages(plan.window_copies, window_memory_, copied_windows_);
}

void Simulator::copy_pages(const std::vector<PageCopy>& copies, std::vector<Trace>& memory,
                           std::multiset<PageId>& sources) {
  std::set<PageId> written;
  sources.clear();
  for (const PageCopy& one : copies) {
    EXPECT_TRUE(written.insert(one.to).second);
    EXPECT_FALSE(written.contains(one.from));
    sources.insert(one.from);
    std::copy_n(memory.begin() + one.from * static_cast<std::ptrdiff_t>(kPageTokens), kPageTokens,
                memory.begin() + one.to * static_cast<std::ptrdiff_t>(kPageTokens));
  }
}

Simulator::Trace Simulator::start_trace(const Sequence& sequence) {
  return 1469598103934665603ULL ^ sequence.traits().salt.size();
}

Simulator::Trace Simulator::next_trace(Trace before, TokenId token) {
  return (before ^ token) * 1099511628211ULL;
}

Simulator::Trace* Simulator::slot(const Sequence& sequence, std::uint32_t position) {
  const auto page = static_cast<std::size_t>(sequence.pages()[position / kPageTokens]);
  return &memory_[page * kPageTokens + position % kPageTokens];
}

Simulator::Trace* Simulator::window_slot(const Sequence& sequence, std::uint32_t position) {
  const PageId page = sequence.windows().at(position / kPageTokens);
  if (page == kNoPage) return nullptr;
  return &window_memory_[static_cast<std::size_t>(page) * kPageTokens + position % kPageTokens];
}

// What a slot gets follows from the slot before it, as it lies in memory: whatever is wrong there
// is wrong in everything that follows.
void Simulator::compute(const Slice& slice) {
  const Sequence& sequence = *slice.sequence;
  std::uint32_t position = sequence.computed();
  Trace trace = position == 0 ? start_trace(sequence) : *slot(sequence, position - 1);
  if (workload_.states > 0) {
    Trace& state = states_[static_cast<std::size_t>(sequence.state())];
    if (position == 0) state = start_trace(sequence);
    EXPECT_EQ(state, trace) << "sequence " << static_cast<std::uint64_t>(sequence.id());
  }
  if (cache_.windows().on()) check_windows(slice);
  for (std::uint32_t i = 0; i < slice.tokens; ++i, ++position) {
    if (position % kPageTokens == 0 || i == 0) {
      // Nobody else may see what is written, but for those who copied the page before.
      const PageId page = sequence.pages()[position / kPageTokens];
      EXPECT_EQ(cache_.holders(page), 1U + copied_.count(page));
      const PageId window = sequence.windows().at(position / kPageTokens);
      if (cache_.windows().on())
        EXPECT_EQ(cache_.windows().holders(window), 1U + copied_windows_.count(window));
    }
    trace = next_trace(trace, sequence.tokens()[position]);
    *slot(sequence, position) = trace;
    if (cache_.windows().on()) *window_slot(sequence, position) = trace;
  }
  if (workload_.states > 0) states_[static_cast<std::size_t>(sequence.state())] = trace;
}

// All that the slice's first token reads is there, and is right.
void Simulator::check_windows(const Slice& slice) {
  const Sequence& sequence = *slice.sequence;
  const std::vector<Trace>& right = right_traces(sequence);
  outcome_.most_windows = std::max(outcome_.most_windows, sequence.windows().size());
  const std::uint32_t tokens = workload_.windows.tokens;
  const std::uint32_t end = sequence.computed();
  for (std::uint32_t i = end < tokens ? 0 : end - tokens + 1; i < end; ++i) {
    const Trace* found = window_slot(sequence, i);
    if (found != nullptr && *found == right[i]) continue;
    ADD_FAILURE() << "sequence " << static_cast<std::uint64_t>(sequence.id()) << " at " << end
                  << (found == nullptr ? " lacks the window page of " : " finds something else at ")
                  << i;
    return;
  }
}

const std::vector<Simulator::Trace>& Simulator::right_traces(const Sequence& sequence) {
  std::vector<Trace>& right = alive_.at(sequence.id()).traces;
  while (right.size() < sequence.length())
    right.push_back(next_trace(right.empty() ? start_trace(sequence) : right.back(),
                               sequence.tokens()[right.size()]));
  return right;
}

void Simulator::check_contents(const Sequence& sequence) {
  const std::vector<Trace>& right = right_traces(sequence);
  const bool complete = sequence.generated() <= 1 || sequence.full();
  const std::uint32_t last = sequence.computed();
  const std::uint32_t from = complete || last < kPageTokens ? 0 : last - kPageTokens;
  for (std::uint32_t i = from; i < last; ++i)
    if (*slot(sequence, i) != right[i]) {
      ADD_FAILURE() << "sequence " << static_cast<std::uint64_t>(sequence.id())
                    << " finds something else at " << i;
      return;
    }
}

void Simulator::decode(Sequence& sequence) {
  check_contents(sequence);
  sequence.append_token(static_cast<TokenId>(*slot(sequence, sequence.computed() - 1) >> 40) %
                        1000);
  if (!sequence.full()) return;
  check_contents(sequence);
  ++outcome_.finished;
  end(sequence);
}

void Simulator::end(const Sequence& sequence) {
  Conversation conversation{.salt = sequence.traits().salt,
                            .tokens = {sequence.tokens().begin(), sequence.tokens().end()}};
  if (conversations_.size() < 200)
    conversations_.push_back(std::move(conversation));
  else
    conversations_[pick(0, 199)] = std::move(conversation);
  alive_.erase(sequence.id());
  scheduler_.remove(sequence.id());
}

void Simulator::check(const StepPlan& plan) {
  std::uint32_t tokens = 0;
  std::set<SequenceId> served;
  for (const Slice& slice : plan.slices) {
    tokens += slice.tokens;
    for (const std::uint64_t value :
         {static_cast<std::uint64_t>(slice.sequence->id()), std::uint64_t{slice.tokens}})
      outcome_.fingerprint = (outcome_.fingerprint ^ value) * 1099511628211ULL;
    EXPECT_TRUE(served.insert(slice.sequence->id()).second);
    EXPECT_GT(slice.tokens, 0U);
    EXPECT_LE(slice.tokens, slice.sequence->uncomputed());
    EXPECT_GE(slice.sequence->pages().size(),
              pages_for(std::uint64_t{slice.sequence->computed()} + slice.tokens));
    if (cache_.windows().on())
      EXPECT_EQ(slice.sequence->windows().end(), slice.sequence->pages().size());
  }
  EXPECT_EQ(tokens, plan.tokens);
  EXPECT_LE(tokens, workload_.limits.tokens_per_step);
  EXPECT_LE(plan.slices.size(), workload_.limits.sequences);
  EXPECT_EQ(plan.empty(), alive_.empty());
  EXPECT_LE(scheduler_.waiting(), workload_.limits.waiting + workload_.limits.sequences);
}

}  // namespace hearth::engine::testing
