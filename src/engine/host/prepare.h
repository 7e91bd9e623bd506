// From what a client asked to what the engine computes.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/event_queue.h"
#include "engine/host/job.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace hearth::engine {

/// What is fixed from load to unload and needed to read a request. Immutable; any thread.
struct PromptReader {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const text::ChatTemplate> chat_template;  ///< null: the model has none
  Sampling sampling;                                        ///< the model's own defaults
  std::uint32_t vocabulary = 0;                             ///< V of the logits
  std::uint32_t context_length = 0;
  std::vector<TokenId> end_tokens;         ///< the model's own
  std::vector<std::string> adapters = {};  ///< names of those that are loaded, by number
  bool marks = false;                      ///< Job::marks are of use: the model is recurrent
};

/// A submitted request before it is read.
struct Submission {
  SequenceId id{};
  Request request;
  std::shared_ptr<EventQueue> events;
  base::Instant submitted;
};

/// Renders the template, tokenises, checks the context and fills in what the request leaves open.
/// May take long for long prompts. Errors are the request's own fault:
/// InvalidArgument, ContextExceeded (with both numbers), UnsupportedCapability (chat without a
/// template).
Result<Job> prepare(const PromptReader& reader, Submission submission);

}  // namespace hearth::engine
