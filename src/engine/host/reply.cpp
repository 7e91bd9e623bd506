// From tokens to deltas, and the end of a reply.
#include "engine/host/reply.h"

#include <chrono>
#include <utility>

namespace hearth::engine {
namespace {

double ms_between(base::Instant from, base::Instant to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// Reasoning markers that are control tokens: the decoder must show them to the splitter.
std::vector<TokenId> marker_tokens(const ReplyOptions& options) {
  std::vector<TokenId> ids;
  if (!options.reasoning) return ids;
  for (const std::string& marker : {options.reasoning->open, options.reasoning->close})
    if (const auto id = options.tokenizer->token_id(marker)) ids.push_back(*id);
  return ids;
}

std::optional<text::ReasoningSplitter> make_splitter(const ReplyOptions& options) {
  if (!options.reasoning) return std::nullopt;
  return text::ReasoningSplitter(*options.reasoning, options.starts_in_reasoning);
}

}  // namespace

Reply::Reply(SequenceId id, std::shared_ptr<EventQueue> events, ReplyOptions options,
             base::Instant submitted, std::uint32_t prompt_tokens)
    : id_(id),
      events_(std::move(events)),
      decoder_(options.tokenizer, text::SkipSpecial::Yes, marker_tokens(options)),
      splitter_(make_splitter(options)),
      stops_(std::move(options.stop)),
      usage_{.prompt_tokens = prompt_tokens},
      submitted_(submitted) {
  if (options.continues) decoder_.push(*options.continues);
}

bool Reply::apply(const News& news, base::Instant started, base::Instant ended) {
  if (over_) return false;  // tokens that were drawn before the engine heard of the stop string
  if (!started_) started_ = started;
  if (news.progress) events_->push(*news.progress);
  if (news.token) {
    if (!first_token_) first_token_ = ended;
    last_token_ = ended;
    add_token(*news.token, /*shown=*/news.finish != FinishReason::Stop);
  }
  if (news.error) {
    over_ = true;
    events_->push(Failed{*news.error});
    return false;
  }
  if (news.finish && !stops_.stopped()) flush();
  if (stops_.stopped()) {
    finish(FinishReason::StopString);
    return !news.finish;
  }
  if (news.finish) finish(*news.finish);
  return false;
}

void Reply::add_token(TokenId token, bool shown) {
  ++usage_.completion_tokens;
  ++untold_tokens_;
  const bool reasoned = in_reasoning();
  if (shown) add_text(decoder_.push(token));
  if (reasoned || in_reasoning()) ++usage_.reasoning_tokens;
}

void Reply::add_text(std::string_view text) {
  if (!splitter_) return add_piece(text::ReplyPiece::Kind::Content, text);
  for (const text::ReplyPiece& piece : splitter_->push(text)) add_piece(piece.kind, piece.text);
}

void Reply::add_piece(text::ReplyPiece::Kind kind, std::string_view text) {
  if (kind == text::ReplyPiece::Kind::Reasoning) {
    give(TextDelta::Kind::Reasoning, text);
  } else {
    give(TextDelta::Kind::Content, stops_.push(text));
  }
}

void Reply::give(TextDelta::Kind kind, std::string_view text) {
  if (text.empty()) return;
  events_->push(TextDelta{
      .kind = kind, .text = std::string(text), .tokens = std::exchange(untold_tokens_, 0)});
}

void Reply::flush() {
  add_text(decoder_.finish());
  if (splitter_)
    for (const text::ReplyPiece& piece : splitter_->finish()) add_piece(piece.kind, piece.text);
  if (!stops_.stopped()) give(TextDelta::Kind::Content, stops_.finish());
}

void Reply::finish(FinishReason reason) {
  over_ = true;
  const base::Instant first = first_token_.value_or(*started_);
  events_->push(
      Finished{.reason = reason,
               .stop_string = std::string(stops_.stop_string()),
               .usage = usage_,
               .timings = {.queue_ms = ms_between(submitted_, *started_),
                           .prompt_ms = ms_between(*started_, first),
                           .decode_ms = first_token_ ? ms_between(first, last_token_) : 0}});
}

}  // namespace hearth::engine
