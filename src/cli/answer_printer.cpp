// Deltas on standard output.
#include "cli/answer_printer.h"

#include <cstdio>
#include <unistd.h>

namespace hearth::cli {

AnswerPrinter::AnswerPrinter() : colours_(::isatty(STDOUT_FILENO) != 0) {}

void AnswerPrinter::operator()(const engine::TextDelta& delta) {
  const bool reasoning = delta.kind == engine::TextDelta::Kind::Reasoning;
  if (reasoning && !colours_) return;
  if (reasoning != dimmed_ && colours_) std::fputs(reasoning ? "\x1b[2m" : "\x1b[0m\n\n", stdout);
  dimmed_ = reasoning;
  std::fwrite(delta.text.data(), 1, delta.text.size(), stdout);
  std::fflush(stdout);
}

void AnswerPrinter::end() {
  if (dimmed_ && colours_) std::fputs("\x1b[0m", stdout);
  dimmed_ = false;
  std::fputs("\n", stdout);
  std::fflush(stdout);
}

}  // namespace hearth::cli
