// Who leaves the queue: order, memory, places, and prompts that others are reading already.
#include <algorithm>
#include <cassert>
#include <limits>
#include <tuple>

#include "engine/scheduler.h"

namespace hearth::engine {
namespace {

constexpr std::size_t kLookedAt = 32;         // candidates per step
constexpr std::uint32_t kMostOvertakes = 16;  // of one waiting sequence by later ones
constexpr std::size_t kMostPassedOver = 4;    // that find no memory, before the step gives up
constexpr std::uint32_t kWorthWaiting = kPageTokens / 2;  // tokens that need not be computed twice
constexpr double kMarginToTakeOver = 0.5;                 // levels of priority
constexpr unsigned kCrowd = 2;  // times the places of a client make room for that client

}  // namespace

void Scheduler::admit_waiting() {
  for (Sequence* sequence : running_)
    sequence->standing().boost = std::numeric_limits<double>::infinity();
  order_waiting();
  passed_over_.clear();
  for (const Candidate& candidate : candidates_) {
    Sequence& sequence = *candidate.sequence;
    PrefixMatch match = find(sequence);
    if (await_provider(sequence, match)) continue;
    if (!fits(need_of(sequence, match)) && make_place(sequence, need_of(sequence, match))) {
      match = find(sequence);
      if (await_provider(sequence, match)) continue;
    }
    if (!fits(need_of(sequence, match))) {
      // Smaller ones may pass, but not for ever.
      passed_over_.push_back(&sequence);
      if (sequence.standing().overtaken >= kMostOvertakes || passed_over_.size() == kMostPassedOver)
        break;
      continue;
    }
    admit(sequence, match);
    for (Sequence* other : passed_over_) ++other->standing().overtaken;
  }
  std::erase_if(waiting_, [](const Sequence* one) { return one->standing().running; });
}

void Scheduler::order_waiting() {
  candidates_.clear();
  const bool full = running_.size() >= limits_.sequences;
  for (Sequence* sequence : waiting_) {
    if (still_awaited(*sequence)) continue;
    if (full && !finds_place(*sequence)) continue;
    candidates_.push_back({rank(*sequence), sequence});
  }
  take_turns(candidates_, kLookedAt);
}

// Asked once per client and priority and step: the others of that client would hear the same.
bool Scheduler::finds_place(const Sequence& sequence) const {
  Client& client = *sequence.standing().client;
  if (client.asked_step != step_) client.refused.fill(false);
  client.asked_step = step_;
  bool& refused = client.refused[static_cast<std::size_t>(sequence.traits().priority)];
  if (!refused) refused = who_gives_way(sequence) == nullptr;
  return !refused;
}

// Each client's own in the order of their ranks, and the clients in turns.
void Scheduler::take_turns(std::vector<Candidate>& candidates, std::size_t most) const {
  const auto own_order = [](const Candidate& one) {
    return std::tuple(one.sequence->standing().client, one.rank, one.sequence->standing().arrived_s,
                      one.sequence->id());
  };
  std::ranges::sort(candidates,
                    [&](const auto& a, const auto& b) { return own_order(a) < own_order(b); });
  struct Line {
    std::size_t next = 0;
    std::size_t end = 0;
    double turn_s = 0;
  };
  std::vector<Line> lines;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Client* client = candidates[i].sequence->standing().client;
    if (i == 0 || client != candidates[i - 1].sequence->standing().client)
      lines.push_back({.next = i, .end = i, .turn_s = client->admitted_s});
    ++lines.back().end;
  }
  const auto turn_order = [&](const Line& line) {
    const Sequence& head = *candidates[line.next].sequence;
    return std::tuple(turn_rank(head, line.turn_s), head.standing().arrived_s, head.id());
  };
  std::vector<Candidate> order;
  while (order.size() < most && !lines.empty()) {
    const auto line = std::ranges::min_element(
        lines, [&](const auto& a, const auto& b) { return turn_order(a) < turn_order(b); });
    order.push_back(candidates[line->next]);
    line->turn_s = now_s_;
    if (++line->next == line->end) lines.erase(line);
  }
  candidates.swap(order);
}

std::vector<const Sequence*> Scheduler::queue(std::size_t most) const {
  std::vector<Candidate> candidates;
  for (Sequence* sequence : waiting_) candidates.push_back({rank(*sequence), sequence});
  take_turns(candidates, most);
  std::vector<const Sequence*> order;
  for (const Candidate& candidate : candidates) order.push_back(candidate.sequence);
  return order;
}

bool Scheduler::still_awaited(Sequence& sequence) {
  Standing& standing = sequence.standing();
  if (standing.awaited_tokens == 0) return false;
  const auto found = all_.find(standing.provider);
  const bool coming = found != all_.end() && found->second->standing().running &&
                      found->second->computed() < standing.awaited_tokens;
  if (!coming) {
    standing.awaited_tokens = 0;
    return false;
  }
  double& boost = found->second->standing().boost;
  boost = std::min(boost, rank(sequence));
  return true;
}

bool Scheduler::await_provider(Sequence& sequence, PrefixMatch& match) {
  if (!cache_.options().share) return false;
  for (Sequence* provider : running_) consider_provider(sequence, *provider, match);
  return still_awaited(sequence);
}

// What a running sequence has in common with this one is either computed, then the page it is
// filling can be copied, or will be soon, then this one waits.
void Scheduler::consider_provider(Sequence& sequence, Sequence& provider, PrefixMatch& match) {
  if (provider.traits().salt != sequence.traits().salt) return;
  const std::size_t pages = match.whole.size();
  const bool same_page = pages == 0 || (pages <= provider.pages().size() &&
                                        provider.pages()[pages - 1] == match.whole.back());
  if (!same_page || provider.computed() < match.whole_tokens()) return;
  const std::uint32_t begin = match.whole_tokens();
  const auto rest = sequence.tokens().first(sequence.reusable()).subspan(begin);
  std::uint32_t common = begin + common_tokens(provider.tokens().subspan(begin), rest);
  if (cache_.recurrent()) common = common / kPageTokens * kPageTokens;
  Standing& standing = sequence.standing();
  const std::uint32_t known = std::max(match.tokens(), standing.awaited_tokens);
  if (common > provider.computed() && common >= known + kWorthWaiting) {
    standing.provider = provider.id();
    standing.awaited_tokens = common;
    if (cache_.recurrent() || cache_.windows().on())
      provider.add_stop(common / kPageTokens * kPageTokens);
    return;
  }
  const std::uint32_t ready = std::min(common, provider.computed());
  if (cache_.recurrent() || ready <= match.tokens() || ready >= begin + kPageTokens) return;
  if (provider.standing().admitted_step == step_) return;  // what it has may not be copied yet
  if (cache_.windows().on() && provider.windows().at(pages) == kNoPage) return;
  match.part = provider.pages()[pages];
  match.part_window = provider.windows().at(pages);
  match.part_tokens = ready - begin;
}

// Running sequences lose their place to a higher priority, and to a client that has less than half
// of the places that theirs has. The one that waits is taken without its aging: that moves it up in
// the queue, but takes nobody's place.
bool Scheduler::gives_way(const Sequence& running, const Sequence& to) const {
  if (running.standing().admitted_step == step_) return false;
  if (to.traits().priority < running.traits().priority)
    return rank(running) >= base_rank(to) + kMarginToTakeOver;
  return to.traits().priority == running.traits().priority &&
         running.standing().client->running > kCrowd * (to.standing().client->running + 1);
}

Sequence* Scheduler::who_gives_way(const Sequence& to) const {
  Sequence* victim = nullptr;
  for (Sequence* one : running_)
    if (gives_way(*one, to) && (victim == nullptr || worse(*one, *victim))) victim = one;
  return victim;
}

// Running sequences of lower standing make way, if that is of any use.
bool Scheduler::make_place(Sequence& sequence, const Need& need) {
  std::uint64_t pages = spare();
  std::uint64_t windows = spare_windows();
  bool any = false;
  for (const Sequence* one : running_) {
    if (!gives_way(*one, sequence)) continue;
    any = true;
    pages += outstanding(*one);
    windows += one->standing().window_reserved;
    for (const PageId page : one->pages()) pages += cache_.holders(page) == 1 ? 1 : 0;
    for (const PageId page : one->windows().pages())
      windows += cache_.windows().holders(page) == 1 ? 1 : 0;
  }
  if (!any || pages < need.pages || windows < need.windows) return false;
  while (Sequence* victim = who_gives_way(sequence)) {
    if (fits(need_of(sequence, find(sequence)))) break;
    preempt(*victim);
  }
  return true;
}

}  // namespace hearth::engine
