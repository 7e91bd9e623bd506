// How the two generation endpoints write their answers; what they share is in answer.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace hearth::api::openai {

/// One choice read whole.
struct WholeChoice {
  std::string reasoning;
  std::string text;
  engine::FinishReason reason = engine::FinishReason::Stop;
  std::vector<engine::TokenReport> reports = {};  ///< of `text`, if asked for
  std::vector<engine::TokenReport> reasoning_reports = {};
  std::vector<engine::TokenId> ids = {};  ///< of all sampled tokens, if asked for
  double mean_logprob = 0;                ///< of all sampled tokens, where they were reported
};

/// What the prefix cache had of one prompt.
struct CacheReport {
  std::uint32_t cached_tokens = 0;
  engine::PrefixReport prefix;
};

/// Totals over all choices: each prompt is counted once.
struct Totals {
  engine::Usage usage;
  engine::Timings timings;
  std::vector<CacheReport> cache = {};  ///< one per prompt, in their order; empty: not to be told
};

/// What stays the same through one answer.
struct AnswerHead {
  std::string id;
  std::int64_t created = 0;
  std::string model;  ///< as the client asked for it
  std::string fingerprint;
};

/// Writes complete server-sent events (chunks) or one whole body. I/O thread.
class ChunkWriter {
 public:
  virtual ~ChunkWriter() = default;
  void set_head(AnswerHead head);
  /// What opens a choice, before its first delta; may write nothing.
  virtual void begin(std::string& out, std::size_t choice) = 0;
  /// @param timed  what has come so far, if chunks are to tell
  virtual void delta(std::string& out, std::size_t choice, const engine::TextDelta& delta,
                     const Totals* timed) = 0;
  /// @param last  of the whole answer, if no usage chunk follows: the chunk then carries timings
  virtual void finish(std::string& out, std::size_t choice, engine::FinishReason reason,
                      const Totals* last) = 0;
  /// The chunk before the end, if usage was asked for: no choices, usage and timings.
  void totals(std::string& out, const Totals& totals) const;
  /// Chunk without choices that tells how far the prompt is.
  void progress(std::string& out, const engine::PromptProgress& progress, double ms) const;
  /// The body of an answer that is not streamed.
  std::string whole(const std::vector<WholeChoice>& choices, const Totals& totals) const;

  /// What ids of such answers begin with.
  virtual std::string_view id_prefix() const = 0;

  bool usage_asked = false;     ///< chunks then carry `"usage":null`
  bool logprobs_asked = false;  ///< choices then carry their tokens' log-probabilities
  bool ids_asked = false;       ///< and their tokens' ids

 protected:
  /// The `object` of chunks, and that of a whole body.
  virtual std::string_view object() const = 0;
  virtual std::string_view whole_object() const = 0;
  /// One choice of a whole body.
  virtual void append_whole(std::string& out, std::size_t index,
                            const WholeChoice& choice) const = 0;
  /// `data: {"id":..,"object":..,"created":..,"model":..,"system_fingerprint":..` without the
  /// closing brace.
  void open_chunk(std::string& out) const;
  void close_chunk(std::string& out, const Totals* timed = nullptr) const;
  /// The same members for a whole body, whose object has another name.
  void append_head(std::string& out, std::string_view object) const;
  /// `,"token_ids":[..]`, where asked for.
  void append_ids(std::string& out, const std::vector<engine::TokenId>& ids) const;

 private:
  AnswerHead head_;
  std::string opening_;  // of every chunk: written once, sent with each token
};

/// The wire's word for how a choice ended.
std::string_view finish_word(engine::FinishReason reason);

/// A choice's number. It stands in every chunk, so it is written without the formatter.
void append_index(std::string& out, std::size_t index);

/// `"usage":{..}` and `"timings":{..}`.
void append_usage(std::string& out, const engine::Usage& usage);
void append_timings(std::string& out, const Totals& totals);

/// `,"prefix_cache":[..]`, where it is to be told.
void append_cache_reports(std::string& out, const std::vector<CacheReport>& reports);

}  // namespace hearth::api::openai
