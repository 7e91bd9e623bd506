// A request that is ready to be computed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/host/reply.h"
#include "engine/sampling_params.h"
#include "engine/sequence.h"

namespace hearth::engine {

struct Job {
  std::vector<TokenId> prompt;  ///< each in [0, V), at least one
  std::uint32_t max_new_tokens = 1;
  FinishReason when_full = FinishReason::Length;  ///< what max_new_tokens stands for
  SamplingParams sampling;
  std::optional<std::uint32_t> logprobs = {};  ///< how many of the likeliest every report names
  bool prompt_logprobs = false;                ///< the prompt's tokens are reported as well
  std::optional<std::string> keep = {};        ///< the prompt is saved under this name
  std::vector<std::uint32_t> marks = {};       ///< SequenceTraits::marks
  std::string request_id;                      ///< the client's
  Standpoint standpoint = {};
  std::vector<SequenceAdapter> adapters = {};
  std::string salt = {};     ///< see SequenceTraits
  bool reuse_prefix = true;  ///< see SequenceTraits
  base::Instant submitted{};
  bool started = false;          ///< the loop's note: it has had its first step,
  double started_s = 0;          ///< at this time of the loop's clock
  std::uint64_t peak_bytes = 0;  ///< the most that was held in one of its steps
  std::shared_ptr<Reply> reply;

  SequenceId id() const { return reply->id(); }
};

}  // namespace hearth::engine
