// The fake device's pages and voices.
#include "engine/testing/fake_runner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine::testing {

Logits certain(std::function<TokenId(std::span<const TokenId>)> next) {
  return [next = std::move(next)](std::span<const TokenId> tokens) {
    std::vector<float> logits(kVocabulary, 0.0F);
    logits[next(tokens)] = 100.0F;
    return logits;
  };
}

TokenId spell_on(std::span<const TokenId> tokens) {
  const TokenId last = tokens.back();
  if (last == 'z') return kEnd;
  return last >= 'a' && last < 'z' ? last + 1 : TokenId{'a'};
}

std::vector<float> noisy_logits(std::span<const TokenId> tokens) {
  std::uint32_t hash = 2166136261U;
  for (const TokenId token : tokens) hash = (hash ^ token) * 16777619U;
  std::vector<float> logits(kVocabulary);
  for (TokenId id = 0; id < kVocabulary; ++id) {
    const std::uint32_t mixed = (hash ^ id * 2654435761U) * 2246822519U;
    logits[id] = static_cast<float>(mixed >> 16) / 16384.0F;
  }
  logits[kEnd] = -100.0F;
  return logits;
}

FakeRunner::FakeRunner(Logits logits, std::uint32_t pages, std::function<Result<void>()> before)
    : logits_(std::move(logits)),
      before_(std::move(before)),
      slots_(std::size_t{pages} * kPageTokens) {}

TokenId& FakeRunner::slot(const Sequence& sequence, std::uint32_t position) {
  const auto page = static_cast<std::size_t>(sequence.pages()[position / kPageTokens]);
  return slots_[page * kPageTokens + position % kPageTokens];
}

Result<void> FakeRunner::run(const StepPlan& plan, const TakeRow& take) {
  step_tokens_ = plan.tokens;
  most_tokens_ = std::max(most_tokens_, step_tokens_);
  if (before_) TRY(before_());
  for (const PageCopy& copy : plan.page_copies)
    std::copy_n(slots_.begin() + copy.from * static_cast<std::ptrdiff_t>(kPageTokens), kPageTokens,
                slots_.begin() + copy.to * static_cast<std::ptrdiff_t>(kPageTokens));
  for (const Slice& slice : plan.slices)
    for (std::uint32_t i = 0; i < slice.tokens; ++i) {
      const std::uint32_t position = slice.sequence->computed() + i;
      slot(*slice.sequence, position) = slice.sequence->tokens()[position];
    }
  for (std::size_t i = 0; i < plan.slices.size(); ++i) {
    const Slice& slice = plan.slices[i];
    for (std::uint32_t row = 0; row < slice.tokens; ++row) {
      if (!slice.wants_row(row)) continue;
      std::vector<TokenId> seen;  // from the pages, as a real cache would have it
      for (std::uint32_t position = 0; position <= slice.sequence->computed() + row; ++position)
        seen.push_back(slot(*slice.sequence, position));
      take(i, row, logits_(seen));
    }
  }
  return {};
}

StepRunner::Memory FakeRunner::memory() const {
  const std::uint64_t cache = slots_.size() / kPageTokens;
  const std::uint64_t active = 1000 + cache;
  return {.active_bytes = active,
          .peak_bytes = active + 10 * most_tokens_,
          .step_peak_bytes = active + 10 * step_tokens_,
          .cache_bytes = cache,
          .spare_bytes = 3};
}

void FakeRunner::forget() {
  std::ranges::fill(slots_, 0);
}

Result<std::vector<CacheTensor>> FakeRunner::read_cache(std::span<const PageId> pages, StateId) {
  CacheTensor tensor{.name = "slots",
                     .dtype = "U32",
                     .shape = {static_cast<std::int32_t>(pages.size() * kPageTokens)},
                     .bytes = {}};
  for (const PageId page : pages) {
    const auto slots = std::as_bytes(
        std::span(slots_).subspan(static_cast<std::size_t>(page) * kPageTokens, kPageTokens));
    tensor.bytes.insert(tensor.bytes.end(), slots.begin(), slots.end());
  }
  return std::vector{std::move(tensor)};
}

Result<void> FakeRunner::write_cache(std::span<const PageId> pages, StateId,
                                     const std::vector<CacheTensor>& content) {
  constexpr std::size_t kPageBytes = kPageTokens * sizeof(TokenId);
  if (content.size() != 1 || content.front().bytes.size() != pages.size() * kPageBytes)
    return fail(ErrorCode::CorruptData, "a toy keeps slots");
  const std::byte* bytes = content.front().bytes.data();
  for (const PageId page : pages) {
    std::memcpy(&slots_[static_cast<std::size_t>(page) * kPageTokens], bytes, kPageBytes);
    bytes += kPageBytes;
  }
  return {};
}

}  // namespace hearth::engine::testing
