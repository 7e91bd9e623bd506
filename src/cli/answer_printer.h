// Writes an answer to the terminal as it comes.
#pragma once

#include "engine/engine.h"

namespace hearth::cli {

/// Reasoning is dimmed on a terminal and left out elsewhere.
class AnswerPrinter {
 public:
  AnswerPrinter();
  void operator()(const engine::TextDelta& delta);
  /// Ends the line.
  void end();

 private:
  bool colours_;
  bool dimmed_ = false;
};

}  // namespace hearth::cli
