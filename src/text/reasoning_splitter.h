// Which part of a reply is the model's reasoning, and which is its answer?
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::text {

/// What a family writes around its reasoning.
struct ReasoningMarkers {
  std::string open;
  std::string close;
  bool operator==(const ReasoningMarkers&) const = default;
};

/// All pairs that are known, most common first.
std::span<const ReasoningMarkers> known_reasoning_markers();

/// The pair a chat template's source mentions; none where it has no reasoning.
std::optional<ReasoningMarkers> reasoning_markers_of(std::string_view template_source);

/// Whether a prompt ends inside an open reasoning block: the reply then starts with reasoning.
bool ends_in_reasoning(std::string_view prompt, const ReasoningMarkers& markers);

/// A run of text of one kind; the view is valid until the splitter's next call.
struct ReplyPiece {
  enum class Kind { Content, Reasoning } kind = Kind::Content;
  std::string_view text;
  std::size_t begin = 0;  ///< where it stood in all that was pushed, in bytes
};

/// Splits a reply into reasoning and content while it streams.
///
/// - Only bytes that may begin a marker are held back. Markers are never given out.
/// - Reasoning opens only at the start of a reply (white space may stand before it): a marker in
///   the middle of an answer is text about markers. It may open again right after it closed.
/// - Line ends next to a marker belong to it: after the opening one, on both sides of the closing
/// one.
///
/// Owner: one sequence, one thread at a time.
class ReasoningSplitter {
 public:
  /// @param inside  the prompt ended within an open block
  ReasoningSplitter(ReasoningMarkers markers, bool inside);

  /// Adds text (whole UTF-8 characters); at most a few pieces, in order.
  std::span<const ReplyPiece> push(std::string_view text);

  /// The reply ends: what was held back.
  std::span<const ReplyPiece> finish();

  /// Whether the text that comes next would be reasoning.
  bool in_reasoning() const { return state_ == State::Reasoning; }

 private:
  enum class State { Start, Reasoning, AfterReasoning, Content };
  struct Run {
    ReplyPiece::Kind kind;
    std::size_t begin;  ///< in text_
    std::size_t size;
    std::size_t source;  ///< in all that was pushed
  };
  bool advance(bool at_end);
  bool advance_start(bool at_end);
  bool advance_reasoning(bool at_end);
  void give(ReplyPiece::Kind kind, std::string_view text);
  void drop(std::size_t bytes);
  std::span<const ReplyPiece> given();

  ReasoningMarkers markers_;
  State state_;
  bool strip_line_ends_ = false;     ///< a marker has just ended
  bool may_repeat_opening_ = false;  ///< the prompt wrote the opening marker
  std::string held_;
  std::size_t consumed_ = 0;  ///< bytes pushed before `held_`
  std::string text_;          ///< what the pieces of this call point into
  std::vector<Run> runs_;
  std::vector<ReplyPiece> pieces_;
};

}  // namespace hearth::text
