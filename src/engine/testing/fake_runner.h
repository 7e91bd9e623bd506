// A device that computes nothing but remembers in its pages what it was given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/step_runner.h"

namespace hearth::engine::testing {

/// What the fake model says: logits [V] for a row of tokens.
using Logits = std::function<std::vector<float>(std::span<const TokenId> tokens)>;

/// Says `next(tokens)` with certainty.
Logits certain(std::function<TokenId(std::span<const TokenId>)> next);

/// Spells on from the last letter to z, then ends. Bytes that are no small letters are followed by
/// a.
TokenId spell_on(std::span<const TokenId> tokens);

/// Any token may come next; how likely each is depends on all tokens before.
std::vector<float> noisy_logits(std::span<const TokenId> tokens);

class FakeRunner final : public StepRunner {
 public:
  /// @param before  runs before every step; what it returns is the step's result
  FakeRunner(Logits logits, std::uint32_t pages, std::function<Result<void>()> before = {});

  Result<void> run(const StepPlan& plan, const TakeRow& take) override;
  void forget() override;
  Result<void> save_states(std::span<const StateCopy>) override { return {}; }
  Result<std::vector<CacheTensor>> read_cache(std::span<const PageId> pages, StateId) override;
  Result<void> write_cache(std::span<const PageId> pages, StateId,
                           const std::vector<CacheTensor>& content) override;
  /// A weight of 1,000 bytes, 1 for each page, and 10 for each token of a step while it runs.
  Memory memory() const override;

 private:
  TokenId& slot(const Sequence& sequence, std::uint32_t position);

  Logits logits_;
  std::function<Result<void>()> before_;
  std::vector<TokenId> slots_;
  std::uint64_t step_tokens_ = 0;
  std::uint64_t most_tokens_ = 0;
};

}  // namespace hearth::engine::testing
