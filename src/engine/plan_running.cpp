// A step's work for those who run: a token for every answer, then pieces of prompts.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <tuple>

#include "engine/scheduler.h"

namespace hearth::engine {
namespace {

constexpr std::uint32_t kPromptShare = 8;  // of the budget's parts one is for prompts in any case
constexpr std::uint32_t kOldestShare = 4;  // of the prompts' parts one is for the oldest
constexpr double kSecondsPerLevel = 10;

/// Arrival put off by priority: what waiting makes up for, as one number that never changes.
double age_key(const Sequence& sequence) {
  return sequence.standing().arrived_s +
         kSecondsPerLevel * static_cast<double>(sequence.traits().priority);
}

/// Whether all that is left to compute is the last token of an unfinished answer.
bool decodes(const Sequence& sequence) {
  return sequence.uncomputed() == 1 && sequence.generated() > 0;
}

bool older(const Sequence* a, const Sequence* b) {
  return std::pair(age_key(*a), a->id()) < std::pair(age_key(*b), b->id());
}

}  // namespace

void Scheduler::plan_decoding(std::uint32_t budget) {
  decoders_.clear();
  for (Sequence* sequence : running_)
    if (decodes(*sequence)) decoders_.push_back(sequence);
  const bool prompts = decoders_.size() < running_.size();
  std::uint32_t room = prompts ? budget - std::max(1U, budget / kPromptShare) : budget;
  if (room == 0) room = static_cast<std::uint32_t>(step_ % 2);  // a budget of one: turn by turn
  if (decoders_.size() > room) {  // whoever was left out most often comes first
    std::ranges::sort(decoders_, [](const Sequence* a, const Sequence* b) {
      return std::tuple(b->standing().missed, age_key(*a), a->id()) <
             std::tuple(a->standing().missed, age_key(*b), b->id());
    });
    for (std::size_t i = room; i < decoders_.size(); ++i) ++decoders_[i]->standing().missed;
    decoders_.resize(room);
  }
  for (Sequence* sequence : decoders_) {
    if (!sequence->standing().running) continue;  // it had to make room for one before it
    if (grow(*sequence, std::uint64_t{sequence->computed()} + 1)) plan_.add(*sequence, 1);
  }
}

void Scheduler::plan_prompts(std::uint32_t budget) {
  readers_.clear();
  for (Sequence* sequence : running_)
    if (!decodes(*sequence) || sequence->standing().admitted_step == step_)
      readers_.push_back(sequence);
  if (readers_.empty() || plan_.tokens >= budget) return;
  std::uint32_t left = budget - plan_.tokens;
  left -= give(**std::ranges::min_element(readers_, older), std::max(1U, left / kOldestShare));
  const auto order = [this](const Sequence* sequence) {
    const double rank = std::min(this->rank(*sequence), sequence->standing().boost);
    return std::tuple(std::floor(rank), sequence->uncomputed(), age_key(*sequence), sequence->id());
  };
  std::ranges::sort(readers_, [&](const auto* a, const auto* b) { return order(a) < order(b); });
  for (Sequence* sequence : readers_) left -= give(*sequence, left);
  for (Sequence* sequence : readers_) {
    Standing& standing = sequence->standing();
    if (standing.planned == 0) continue;
    plan_.add(*sequence, standing.planned);
    standing.planned = 0;
  }
}

std::uint32_t Scheduler::give(Sequence& sequence, std::uint32_t tokens) {
  Standing& standing = sequence.standing();
  const std::uint32_t done = sequence.computed() + standing.planned;
  const auto stop = cache_.recurrent()
                        ? std::ranges::upper_bound(standing.stops, sequence.computed())
                        : standing.stops.end();
  const std::uint32_t end = stop == standing.stops.end() ? sequence.length() : *stop;
  std::uint32_t given = std::min(tokens, std::min(end, sequence.length()) - done);
  if (sequence.wants_all_logits()) given = std::min(given, logit_rows_left_);
  if (given == 0) return 0;
  if (!grow(sequence, std::uint64_t{done} + given)) return 0;
  standing.planned += given;
  if (sequence.wants_all_logits()) logit_rows_left_ -= given;
  return given;
}

// Pages that were reserved are there. Who needs more takes what nobody has reserved, then what the
// sequence of the worst rank holds, which may be itself.
bool Scheduler::grow(Sequence& sequence, std::uint64_t tokens) {
  while (sequence.pages().size() < pages_for(tokens)) {
    if (add_page(sequence)) continue;
    Sequence* victim = worst_running();
    preempt(*victim);
    if (victim == &sequence) return false;
  }
  return true;
}

// One more page of each kind, or none.
bool Scheduler::add_page(Sequence& sequence) {
  Standing& standing = sequence.standing();
  const bool windows = cache_.windows().on();
  const bool reserved = outstanding(sequence) > 0;
  const bool window_reserved = standing.window_reserved > 0;
  if (!reserved && spare() == 0) return false;
  if (windows && !window_reserved && spare_windows() == 0) return false;
  if (reserved) --outstanding_;
  sequence.add_page(*cache_.take());
  if (!windows) return true;
  if (window_reserved) {
    --standing.window_reserved;
    --outstanding_windows_;
  }
  sequence.windows().add(*cache_.take_window());
  return true;
}

bool Scheduler::worse(const Sequence& a, const Sequence& b) const {
  return std::tuple(rank(a), a.standing().arrived_s, a.id()) >
         std::tuple(rank(b), b.standing().arrived_s, b.id());
}

Sequence* Scheduler::worst_running() const {
  Sequence* worst = nullptr;
  for (Sequence* sequence : running_)
    if (worst == nullptr || worse(*sequence, *worst)) worst = sequence;
  return worst;
}

void Scheduler::preempt(Sequence& victim) {
  const auto planned = std::ranges::find(plan_.slices, &victim, &Slice::sequence);
  if (planned != plan_.slices.end()) {
    plan_.tokens -= planned->tokens;
    plan_.decoding -= planned->decodes() ? 1 : 0;
    plan_.slices.erase(planned);
  }
  stop_running(victim);
  victim.standing().queued_s = now_s_;
  waiting_.push_back(&victim);
  plan_.preempted.push_back(victim.id());
  ++counts_.preemptions;
}

void Scheduler::stop_running(Sequence& sequence) {
  outstanding_ -= outstanding(sequence);
  outstanding_windows_ -= sequence.standing().window_reserved;
  cache_.retire(sequence);
  std::erase(running_, &sequence);
  Standing& standing = sequence.standing();
  --standing.client->running;
  standing.running = false;
  standing.reserved_pages = standing.window_reserved = standing.published = standing.planned = 0;
  standing.rolling = kNoPage;
}

void Scheduler::plan_alone(std::uint32_t budget) {
  Sequence* suspect = nullptr;
  for (const auto* list : {&running_, &waiting_})
    for (Sequence* sequence : *list)
      if (sequence->standing().suspect && (suspect == nullptr || older(sequence, suspect)))
        suspect = sequence;
  assert(suspect != nullptr);
  if (!suspect->standing().running) {
    PrefixMatch match = find(*suspect);
    while (!fits(need_of(*suspect, match))) {
      preempt(*worst_running());
      match = find(*suspect);
    }
    admit(*suspect, match);
    std::erase(waiting_, suspect);
  }
  if (give(*suspect, budget) == 0) return;
  plan_.add(*suspect, suspect->standing().planned);
  suspect->standing().planned = 0;
}

}  // namespace hearth::engine
