// One connection of a download: fetches piece after piece, and tries again where a line is cut.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "hub/asker.h"
#include "hub/backoff.h"
#include "hub/board.h"
#include "hub/rate_limit.h"

namespace hearth::hub {

/// Lives on a thread of its own, which it blocks.
class Fetcher {
 public:
  Fetcher(const Places& places, const AskLimits& limits, const RetryRules& rules, Board& board,
          RateLimit& rate)
      : asker_(places, limits), rules_(rules), board_(board), rate_(rate) {}

  /// Until the board has nothing more to give.
  void run();

 private:
  /// What came of one request.
  enum class Outcome {
    Whole,    ///< the piece is on disk
    Again,    ///< ask at once: the address had expired
    Dropped,  ///< the piece is of no use any more
  };
  struct Attempt;

  Result<void> fetch(const Piece& piece);
  Result<Outcome> attempt(const Piece& piece);
  http::Headers headers(const Attempt& attempt) const;
  bool accept(const http::ClientResponse& response, Attempt& attempt);
  bool take(std::string_view bytes, Attempt& attempt);
  Result<Outcome> judge(const Asker::Answer& answer, const Attempt& attempt);
  Result<Outcome> judge_refusal(const Asker::Answer& answer, const Attempt& attempt);

  Asker asker_;
  RetryRules rules_;
  Board& board_;
  RateLimit& rate_;
  std::uint64_t at_ = 0;  // where the present piece is whole up to
  bool final_ = false;    // the last attempt's fault is no line's: a full disk, a wrong file
  int expired_ = 0;       // addresses in a row that were refused
};

}  // namespace hearth::hub
