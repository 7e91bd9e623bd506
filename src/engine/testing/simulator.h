// A scheduler with a model that is a function of tokens, and memory that shows every wrong share.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "engine/scheduler.h"

namespace hearth::engine::testing {

struct Workload {
  std::uint32_t requests = 0;
  std::uint32_t pages = 0;
  std::uint32_t states = 0;  ///< 0: a model without recurrent states
  WindowOptions windows = {};
  SchedulerLimits limits;
  double cancelled = 0;        ///< chance per step that a client drops its request
  double conversations = 0;    ///< share of requests that go on from an earlier one
  double failing = 0;          ///< chance that a step fails
  std::uint32_t arrivals = 2;  ///< per step, at most
  std::uint32_t crowd = 500;   ///< nobody comes while that many wait
  bool priorities = false;
  bool share = true;
  HashTokens hash = hash_tokens;
  std::uint32_t check_every = 1;  ///< steps between complete checks
};

struct Outcome {
  std::uint64_t steps = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t refused = 0;
  std::uint64_t finished = 0;
  std::uint64_t failures = 0;
  std::uint64_t computed_tokens = 0;
  std::uint32_t most_windows = 0;  ///< held at once by one sequence
  std::uint64_t hit_tokens = 0;
  std::array<double, 3> waited_s{};  ///< mean from arrival to the first step, by priority
  std::uint64_t fingerprint = 14695981039346656037ULL;  ///< of every slice of every step

  bool operator==(const Outcome&) const = default;
};

/// Checks with GoogleTest's EXPECT, so a failure names its place; run() then ends early.
class Simulator {
 public:
  Simulator(Workload workload, std::uint64_t seed);

  /// Until every request has ended.
  Outcome run();

 private:
  /// What a slot or state holds: a value that depends on the salt and on all tokens up to there.
  using Trace = std::uint64_t;

  std::uint32_t pick(std::uint32_t from, std::uint32_t to) {
    return from + static_cast<std::uint32_t>(random_() % (to - from + 1));
  }
  bool chance(double share) { return pick(0, 999'999) < share * 1e6; }
  void arrive();
  std::vector<TokenId> new_prompt(std::string& salt);
  void cancel_some();
  void step();
  void copy(const StepPlan& plan);
  static void copy_pages(const std::vector<PageCopy>& copies, std::vector<Trace>& memory,
                         std::multiset<PageId>& sources);
  void compute(const Slice& slice);
  void decode(Sequence& sequence);
  void end(const Sequence& sequence);
  void check(const StepPlan& plan);
  void check_contents(const Sequence& sequence);
  void check_windows(const Slice& slice);
  const std::vector<Trace>& right_traces(const Sequence& sequence);
  Trace* slot(const Sequence& sequence, std::uint32_t position);
  Trace* window_slot(const Sequence& sequence, std::uint32_t position);
  static Trace start_trace(const Sequence& sequence);
  static Trace next_trace(Trace before, TokenId token);

  struct Known {
    std::vector<Trace> traces;  ///< of the right values, by position
    double arrived_s = 0;
    std::uint32_t starved = 0;  ///< steps in which it ran, but got nothing
  };

  Workload workload_;
  std::mt19937_64 random_;
  PageCache cache_;
  Scheduler scheduler_;
  std::vector<Trace> memory_;
  std::vector<Trace> window_memory_;
  std::vector<Trace> states_;
  std::multiset<PageId> copied_;  ///< sources of this step's copies
  std::multiset<PageId> copied_windows_;
  std::map<SequenceId, Known> alive_;
  struct Conversation {
    std::string salt;
    std::vector<TokenId> tokens;
  };
  std::vector<Conversation> conversations_;
  std::uint64_t submitted_ = 0;
  std::uint64_t cancelled_ = 0;
  double now_s_ = 0;
  std::array<double, 3> waited_{};
  std::array<std::uint64_t, 3> started_{};
  Outcome outcome_;
};

}  // namespace hearth::engine::testing
