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
  if (!options.reasoning || options.raw_reasoning) return std::nullopt;
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
      min_tokens_(options.min_tokens),
      time_limit_ms_(options.time_limit_ms),
      tokenizer_(options.tokenizer),
      report_ids_(options.ids),
      usage_{.prompt_tokens = prompt_tokens},
      submitted_(submitted) {
  if (options.continues) decoder_.push(*options.continues);
  if (options.reports) trace_.emplace(options.tokenizer);
  if (options.echo) echo_.emplace(options.tokenizer, std::move(*options.echo));
}

bool Reply::apply(const News& news, base::Instant started, base::Instant ended) {
  if (over_) return false;  // tokens that were drawn before the engine heard of the stop string
  if (news.admitted) {
    events_->push(Admitted{usage_.prompt_tokens});
    return false;
  }
  if (!started_) started_ = started;
  if (news.found) {
    usage_.cached_tokens = news.found->tokens;
    miss_ = news.found->miss;
  }
  if (news.progress) events_->push(*news.progress);
  if (echo_ && !news.error) add_prompt(news.prompt);
  if (news.token) {
    if (!first_token_) first_token_ = ended;
    last_token_ = ended;
    add_token(news);
  }
  if (news.error) {
    over_ = true;
    events_->push(Failed{*news.error});
    return false;
  }
  const bool late = !news.finish && time_is_up();
  if ((news.finish || late) && !stops_.stopped()) flush();
  if (stops_.stopped()) {
    finish(FinishReason::StopString, news.kept);
    return !news.finish;
  }
  if (news.finish || late) finish(news.finish.value_or(FinishReason::Length), news.kept);
  return late;
}

bool Reply::time_is_up() const {
  return time_limit_ms_ && first_token_ && ms_between(*first_token_, last_token_) > *time_limit_ms_;
}

void Reply::add_prompt(const std::vector<RowChances>& chances) {
  const std::size_t begin = trace_ ? trace_->decoded_bytes() : 0;
  const std::string text = trace_ ? echo_->add(chances, *trace_) : echo_->whole();
  if (echo_->done()) echo_.reset();
  if (trace_) trace_->place(TextDelta::Kind::Content, begin, text);
  given_ += text.size();
  give(TextDelta::Kind::Content, text);
}

void Reply::add_token(const News& news) {
  const TokenId token = *news.token;
  const bool shown = news.finish != FinishReason::Stop;
  ++usage_.completion_tokens;
  ++untold_tokens_;
  if (report_ids_) untold_ids_.push_back(token);
  if (news.chances) logprob_ += news.chances->logprob;
  if (trace_) {
    const bool text = shown && !decoder_.is_hidden(token);
    trace_->add(token, news.chances, text ? TokenTrace::Width::Text : TokenTrace::Width::None);
  }
  const bool reasoned = in_reasoning();
  if (shown) add_text(decoder_.push(token));
  if (reasoned || in_reasoning()) ++usage_.reasoning_tokens;
}

void Reply::add_text(std::string_view text) {
  const std::size_t begin = trace_ ? trace_->decoded_bytes() : 0;
  if (trace_) trace_->decoded(text.size());
  if (!splitter_) return add_piece(TextDelta::Kind::Content, begin, text);
  for (const text::ReplyPiece& piece : splitter_->push(text)) add_piece(piece);
}

void Reply::add_piece(const text::ReplyPiece& piece) {
  const bool reasoning = piece.kind == text::ReplyPiece::Kind::Reasoning;
  add_piece(reasoning ? TextDelta::Kind::Reasoning : TextDelta::Kind::Content, piece.begin,
            piece.text);
}

void Reply::add_piece(TextDelta::Kind kind, std::size_t begin, std::string_view text) {
  if (trace_) trace_->place(kind, begin, text);
  if (kind == TextDelta::Kind::Content) {
    if (usage_.completion_tokens > min_tokens_) text = stops_.push(text);
    given_ += text.size();
  }
  give(kind, text);
}

void Reply::give(TextDelta::Kind kind, std::string_view text) {
  TextDelta delta{.kind = kind, .text = std::string(text)};
  if (trace_) delta.reports = trace_->take(given_, stops_.stopped());
  if (text.empty() && delta.reports.empty()) return;
  delta.tokens = std::exchange(untold_tokens_, 0);
  delta.ids = std::exchange(untold_ids_, {});
  events_->push(std::move(delta));
}

void Reply::flush() {
  add_text(decoder_.finish());
  if (splitter_)
    for (const text::ReplyPiece& piece : splitter_->finish()) add_piece(piece);
  if (stops_.stopped()) return;
  const std::string_view rest = stops_.finish();
  given_ += rest.size();
  give(TextDelta::Kind::Content, rest);
}

PrefixReport Reply::prefix_report() const {
  const auto text = [&](const std::vector<TokenId>& tokens) {
    return tokens.empty() ? std::string()
                          : tokenizer_->decode(tokens, text::SkipSpecial::No).value_or("");
  };
  return {.rule = miss_.rule,
          .position = miss_.position,
          .here = text(miss_.here),
          .earlier = text(miss_.earlier)};
}

void Reply::finish(FinishReason reason, const std::string& kept) {
  over_ = true;
  if (!untold_ids_.empty()) events_->push(TextDelta{.ids = std::exchange(untold_ids_, {})});
  const base::Instant first = first_token_.value_or(*started_);
  events_->push(
      Finished{.reason = reason,
               .stop_string = std::string(stops_.stop_string()),
               .usage = usage_,
               .timings = {.queue_ms = ms_between(submitted_, *started_),
                           .prompt_ms = ms_between(*started_, first),
                           .decode_ms = first_token_ ? ms_between(first, last_token_) : 0},
               .logprob = logprob_,
               .prefix = prefix_report(),
               .kept = kept});
}

}  // namespace hearth::engine
