// What a sequence needs to run, and how it begins: with what is computed already.
#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/scheduler.h"

namespace hearth::engine {

// To copy a part takes a page more than the table in the end. Alone, a sequence does without the
// part rather than wait for ever.
PrefixMatch Scheduler::find(Sequence& sequence) const {
  PrefixMatch match = cache_.match(sequence, sequence.reusable());
  const bool alone = running_.empty() && match.part != kNoPage;
  if (alone && !fits(need_of(sequence, match))) match.leave_part();
  return match;
}

Scheduler::Need Scheduler::need_of(const Sequence& sequence, const PrefixMatch& match) const {
  Need need;
  need.reserved = pages_for(
      std::min(sequence.most_computed(), std::uint64_t{sequence.length()} + limits_.foresight));
  need.pages = need.reserved - static_cast<std::uint32_t>(match.whole.size());
  for (const PageId page : match.whole) need.pages += cache_.held(page) ? 0 : 1;
  if (match.part != kNoPage && !cache_.held(match.part)) ++need.pages;
  if (cache_.windows().on()) add_windows(need, match);
  return need;
}

void Scheduler::add_windows(Need& need, const PrefixMatch& match) const {
  const WindowPages& windows = cache_.windows();
  for (const PageId page : cache_.windows_read(match)) need.windows += windows.held(page) ? 0 : 1;
  const std::uint32_t ahead = need.reserved - static_cast<std::uint32_t>(match.whole.size());
  need.window_reserved = std::min(most_windows() - need.windows, ahead);
  need.windows += need.window_reserved;
  if (match.part != kNoPage && !windows.held(match.part_window)) ++need.windows;
}

bool Scheduler::fits(const Need& need) const {
  return running_.size() < limits_.sequences && need.pages <= spare() &&
         need.windows <= spare_windows() && (!cache_.recurrent() || cache_.states_available() > 0);
}

void Scheduler::admit(Sequence& sequence, const PrefixMatch& match) {
  const Need need = need_of(sequence, match);
  take_over(sequence, match);
  if (cache_.recurrent()) {
    sequence.set_state(*cache_.take_state());
    if (!match.whole.empty())
      plan_.state_restores.push_back({.from = match.state, .to = sequence.state()});
  }
  if (cache_.recurrent() || cache_.windows().on()) plan_stops(sequence, match);
  Standing& standing = sequence.standing();
  standing.reserved_pages = need.reserved;
  standing.window_reserved = need.window_reserved - (match.part_window == kNoPage ? 0 : 1);
  standing.shared_pages = standing.published = static_cast<std::uint32_t>(match.whole.size());
  standing.waited_s += now_s_ - standing.queued_s;
  standing.overtaken = standing.awaited_tokens = 0;
  standing.client->admitted_s = now_s_;
  ++standing.client->running;
  standing.running = true;
  standing.admitted_step = step_;
  outstanding_ += outstanding(sequence);
  outstanding_windows_ += standing.window_reserved;
  running_.push_back(&sequence);
  if (!standing.admitted_before) note_first_admission(sequence, match);
}

// Whole pages are shared; a part is copied, and held until that is done.
void Scheduler::take_over(Sequence& sequence, const PrefixMatch& match) {
  for (const PageId page : match.whole) {
    cache_.hold(page);
    sequence.add_page(page);
  }
  sequence.mark_computed(match.whole_tokens());
  if (match.part != kNoPage) {
    cache_.hold(match.part);
    pinned_.push_back(match.part);
    const PageId copy = *cache_.take();
    plan_.page_copies.push_back({.from = match.part, .to = copy});
    sequence.add_page(copy);
    sequence.mark_computed(match.part_tokens);
  }
  if (cache_.windows().on()) take_over_windows(sequence, match);
}

void Scheduler::take_over_windows(Sequence& sequence, const PrefixMatch& match) {
  const auto shared = cache_.windows_read(match);
  sequence.windows().start(static_cast<std::uint32_t>(match.whole.size() - shared.size()));
  for (const PageId page : shared) {
    cache_.windows().hold(page);
    sequence.windows().add(page);
  }
  if (match.part == kNoPage) return;
  cache_.windows().hold(match.part_window);
  pinned_windows_.push_back(match.part_window);
  const PageId copy = *cache_.take_window();
  plan_.window_copies.push_back({.from = match.part_window, .to = copy});
  sequence.windows().add(copy);
}

void Scheduler::note_first_admission(Sequence& sequence, const PrefixMatch& match) {
  sequence.standing().admitted_before = true;
  counts_.lookup_tokens += sequence.prompt_tokens();
  counts_.hit_tokens += match.tokens();
  PrefixMiss miss{.rule = PrefixRule::Off};
  // Without the window pages that a text had once, its other pages are as good as evicted.
  const std::uint32_t known = cache_.recurrent() ? match.pages_known * kPageTokens : match.tokens();
  if (cache_.options().share && sequence.traits().reuse)
    miss = history_.explain(sequence, match.tokens(), known);
  sequence.set_cached(match.tokens(), std::move(miss));
  history_.remember(sequence);
  plan_.admitted.push_back(&sequence);
}

// Snapshots of recurrent states and lasting window pages: at the last whole page of the prompt,
// where the caller marked a border, and where this prompt leaves what was computed before, since
// others may leave it there too.
void Scheduler::plan_stops(Sequence& sequence, const PrefixMatch& match) {
  if (!cache_.options().share) return;
  sequence.add_stop((sequence.length() - 1) / kPageTokens * kPageTokens);
  sequence.add_stop(match.pages_known * kPageTokens);
  for (const std::uint32_t mark : sequence.traits().marks)
    if (mark <= sequence.length()) sequence.add_stop(mark / kPageTokens * kPageTokens);
}

}  // namespace hearth::engine
