// Which part of a reply is the model's reasoning, and which is its answer?
#include "text/reasoning_splitter.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::text {
namespace {

constexpr std::string_view kLineEnds = "\r\n";
constexpr std::string_view kSpacesBeforeMarker = " \t\r\n";

const std::array<ReasoningMarkers, 8>& marker_table() {
  static const std::array<ReasoningMarkers, 8> kTable{{
      {"<think>", "</think>"},                      // Qwen3, DeepSeek, GLM, MiniMax, SmolLM3
      {"<longcat_think>", "</longcat_think>"},      // LongCat
      {"<|channel>thought", "<channel|>"},          // Gemma 4
      {"[THINK]", "[/THINK]"},                      // Mistral
      {"<|inner_prefix|>", "<|inner_suffix|>"},     // Apertus
      {"<|START_THINKING|>", "<|END_THINKING|>"},   // Cohere
      {"<seed:think>", "</seed:think>"},            // Seed-OSS
      {"\u25C1think\u25B7", "\u25C1/think\u25B7"},  // Kimi-VL
  }};
  return kTable;
}

/// Length of the longest end of `text` that is a proper beginning of `marker`.
std::size_t partial_end(std::string_view text, std::string_view marker) {
  for (std::size_t n = std::min(text.size(), marker.size() - 1); n > 0; --n) {
    if (text.ends_with(marker.substr(0, n))) return n;
  }
  return 0;
}

std::string_view without_ending_lines(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kLineEnds);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

std::span<const ReasoningMarkers> known_reasoning_markers() {
  return marker_table();
}

std::optional<ReasoningMarkers> reasoning_markers_of(std::string_view template_source) {
  for (const ReasoningMarkers& markers : marker_table()) {
    const bool mentioned = template_source.find(markers.open) != std::string_view::npos ||
                           template_source.find(markers.close) != std::string_view::npos;
    if (mentioned) return markers;
  }
  return std::nullopt;
}

bool ends_in_reasoning(std::string_view prompt, const ReasoningMarkers& markers) {
  const std::size_t open = prompt.rfind(markers.open);
  if (open == std::string_view::npos) return false;
  const std::size_t close = prompt.rfind(markers.close);
  return close == std::string_view::npos || close < open;
}

ReasoningSplitter::ReasoningSplitter(ReasoningMarkers markers, bool inside)
    : markers_(std::move(markers)),
      state_(inside ? State::Reasoning : State::Start),
      strip_line_ends_(inside),
      may_repeat_opening_(inside) {}

std::span<const ReplyPiece> ReasoningSplitter::push(std::string_view text) {
  text_.clear();
  runs_.clear();
  held_ += text;
  while (advance(false)) {
  }
  return given();
}

std::span<const ReplyPiece> ReasoningSplitter::finish() {
  text_.clear();
  runs_.clear();
  while (advance(true)) {
  }
  return given();
}

/// Works off what is held; true where it got into another state and can go on.
bool ReasoningSplitter::advance(bool at_end) {
  if (strip_line_ends_ && state_ != State::Start) {
    drop(std::min(held_.find_first_not_of(kLineEnds), held_.size()));
    if (!held_.empty()) strip_line_ends_ = false;
  }
  if (held_.empty()) return false;
  if (state_ == State::Content) {
    give(ReplyPiece::Kind::Content, held_);
    drop(held_.size());
    return false;
  }
  return state_ == State::Reasoning ? advance_reasoning(at_end) : advance_start(at_end);
}

/// At the start of a reply, or right after reasoning: does reasoning open here?
bool ReasoningSplitter::advance_start(bool at_end) {
  const std::string_view held = held_;
  const std::size_t first = std::min(held.find_first_not_of(kSpacesBeforeMarker), held.size());
  const std::string_view solid = held.substr(first);
  if (solid.starts_with(markers_.open)) {
    drop(first + markers_.open.size());
    state_ = State::Reasoning;
    strip_line_ends_ = true;
    return true;
  }
  if (!at_end && markers_.open.starts_with(solid)) return false;  // may still become one
  state_ = State::Content;
  return true;
}

bool ReasoningSplitter::advance_reasoning(bool at_end) {
  if (may_repeat_opening_) {
    // Some models write the opening marker although the prompt ended with it.
    if (!at_end && held_.size() < markers_.open.size() && markers_.open.starts_with(held_)) {
      return false;
    }
    may_repeat_opening_ = false;
    if (held_.starts_with(markers_.open)) {
      drop(markers_.open.size());
      strip_line_ends_ = true;
      return true;
    }
  }
  const std::string_view held = held_;
  const std::size_t close = held.find(markers_.close);
  if (close != std::string_view::npos) {
    give(ReplyPiece::Kind::Reasoning, without_ending_lines(held.substr(0, close)));
    drop(close + markers_.close.size());
    state_ = State::AfterReasoning;
    strip_line_ends_ = true;
    return true;
  }
  const std::string_view open_end = held.substr(0, held.size() - partial_end(held, markers_.close));
  const std::string_view certain = at_end ? held : without_ending_lines(open_end);
  give(ReplyPiece::Kind::Reasoning, certain);
  drop(certain.size());
  return false;
}

/// @param text  the beginning of what is held
void ReasoningSplitter::give(ReplyPiece::Kind kind, std::string_view text) {
  if (text.empty()) return;
  runs_.push_back({kind, text_.size(), text.size(), consumed_});
  text_ += text;
}

void ReasoningSplitter::drop(std::size_t bytes) {
  held_.erase(0, bytes);
  consumed_ += bytes;
}

std::span<const ReplyPiece> ReasoningSplitter::given() {
  pieces_.clear();
  for (const Run& run : runs_) {
    pieces_.push_back({run.kind, std::string_view(text_).substr(run.begin, run.size), run.source});
  }
  return pieces_;
}

}  // namespace hearth::text
