// Reads the bytes of an answer, streamed or whole, into a Record; costs little per token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/record.h"

namespace hearth::load {

/// Reads one answer of /v1/completions. A line with text is searched, not parsed: the client shares
/// the machine with the server it measures. Only the line with the usage is read as JSON.
class AnswerReader {
 public:
  /// @param characters_per_token  where every token has a text of the same length, how many
  ///                              characters that is; 0: each event counts as one token.
  AnswerReader(Record& record, std::uint32_t characters_per_token)
      : record_(record), characters_per_token_(characters_per_token) {}

  /// Reads a piece of an event stream that arrived at `now`.
  void read_events(std::string_view piece, double now);
  /// Keeps a piece of a whole answer.
  void read_body(std::string_view piece) { body_ += piece; }
  /// Reads the whole answer, or what is wrong with it.
  void finish(int status, bool streamed);

 private:
  void read_line(std::string_view line, double now);
  void read_document(std::string_view document, bool with_text);
  void read_text(std::string_view line, double now);

  Record& record_;
  std::uint32_t characters_per_token_;
  std::string body_;  // of a whole answer, or the beginning of a line
  bool done_ = false;
};

}  // namespace hearth::load
