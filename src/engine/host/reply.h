// One request's answer on its way from tokens to events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/event_queue.h"
#include "engine/host/prompt_echo.h"
#include "engine/host/token_trace.h"
#include "engine/sequence.h"
#include "text/reasoning_splitter.h"
#include "text/stop_matcher.h"
#include "text/stream_decoder.h"

namespace hearth::engine {

class Reply;

/// What the prefix cache had of a prompt, and why not more.
struct Found {
  std::uint32_t tokens = 0;
  PrefixMiss miss;
};

/// What a step brought for one request.
struct News {
  std::shared_ptr<Reply> reply;
  bool admitted = false;            ///< nothing else: it waits for its turn
  std::optional<Found> found = {};  ///< with its first step: what the cache had of its prompt
  std::optional<PromptProgress> progress = {};
  std::optional<TokenId> token = {};
  std::optional<RowChances> chances = {};   ///< the token's, if its reply reports them
  std::vector<RowChances> prompt = {};      ///< of the prompt's next tokens, from the second one on
  std::optional<FinishReason> finish = {};  ///< the token, if any, is the last one
  std::optional<Error> error = {};          ///< the request has failed
  std::string kept = {};                    ///< with `finish`: the id of the prompt that was saved
};

/// How a reply's text is taken apart.
struct ReplyOptions {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::optional<text::ReasoningMarkers> reasoning = {};  ///< none: all text is content
  bool starts_in_reasoning = false;                      ///< the prompt ended within reasoning
  std::optional<TokenId> continues = {};  ///< the text goes on after this token, spaces and all
  std::vector<std::string> stop = {};
  std::uint32_t min_tokens = 0;  ///< the text of so many tokens is not searched for stop strings
  bool reports = false;          ///< deltas carry the reports of their tokens
  bool ids = false;              ///< deltas name the sampled tokens
  bool raw_reasoning = false;    ///< reasoning and its markers are content
  std::optional<EchoedPrompt> echo = {};
  std::optional<std::uint32_t> time_limit_ms = {};
};

/// Turns tokens into deltas: decoder, then reasoning splitter, then stop strings on what is
/// content, with a trace of the tokens beside them where they are to be reported.
/// Thread: the publisher's, but for id() and events().
class Reply {
 public:
  Reply(SequenceId id, std::shared_ptr<EventQueue> events, ReplyOptions options,
        base::Instant submitted, std::uint32_t prompt_tokens);

  SequenceId id() const { return id_; }
  EventQueue& events() const { return *events_; }

  /// Passes on what a step brought that ran from `started` to `ended`.
  /// @returns true when the reply is over before the engine knows: a stop string was found, or its
  ///          time is up.
  bool apply(const News& news, base::Instant started, base::Instant ended);

 private:
  void add_token(const News& news);
  void add_prompt(const std::vector<RowChances>& chances);
  void add_text(std::string_view text);
  void add_piece(const text::ReplyPiece& piece);
  void add_piece(TextDelta::Kind kind, std::size_t begin, std::string_view text);
  void give(TextDelta::Kind kind, std::string_view text);
  void flush();
  void finish(FinishReason reason, const std::string& kept);
  PrefixReport prefix_report() const;
  bool in_reasoning() const { return splitter_ && splitter_->in_reasoning(); }
  bool time_is_up() const;

  SequenceId id_;
  std::shared_ptr<EventQueue> events_;
  text::StreamDecoder decoder_;
  std::optional<text::ReasoningSplitter> splitter_;
  text::StopMatcher stops_;
  std::optional<PromptEcho> echo_;
  std::optional<TokenTrace> trace_;
  std::uint32_t min_tokens_;
  std::optional<std::uint32_t> time_limit_ms_;
  std::size_t given_ = 0;  ///< bytes of content
  double logprob_ = 0;     ///< of all sampled tokens
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  bool report_ids_;
  std::vector<TokenId> untold_ids_;
  Usage usage_;
  PrefixMiss miss_;
  std::uint32_t untold_tokens_ = 0;  ///< drawn, but in no delta yet
  bool over_ = false;
  base::Instant submitted_;
  std::optional<base::Instant> started_;
  std::optional<base::Instant> first_token_;
  base::Instant last_token_{};
};

}  // namespace hearth::engine
