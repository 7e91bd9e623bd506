// A request that is ready to be computed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/host/reply.h"
#include "engine/sampling_params.h"
#include "engine/sequence.h"

namespace hearth::engine {

struct Job {
  std::vector<TokenId> prompt;  ///< each in [0, V), at least one
  std::uint32_t max_new_tokens = 1;
  FinishReason when_full = FinishReason::Length;  ///< what max_new_tokens stands for
  SamplingParams sampling;
  bool ignore_eos = false;
  std::shared_ptr<Reply> reply;

  SequenceId id() const { return reply->id(); }
};

}  // namespace hearth::engine
