// Line editing by libedit.
#include "cli/line_input.h"

#include <cstdlib>
#include <editline/readline.h>
#include <memory>

namespace hearth::cli {
namespace {

constexpr std::string_view kBlock = "\"\"\"";
constexpr int kKeptLines = 1000;

}  // namespace

LineInput::LineInput(std::filesystem::path history) : history_(std::move(history)) {
  ::using_history();
  ::stifle_history(kKeptLines);
  ::read_history(history_.c_str());
}

LineInput::~LineInput() {
  ::write_history(history_.c_str());
}

std::optional<std::string> LineInput::line(const char* prompt) {
  const std::unique_ptr<char, decltype(&std::free)> text(::readline(prompt), &std::free);
  if (!text) return std::nullopt;
  if (*text) ::add_history(text.get());
  return std::string(text.get());
}

std::optional<std::string> LineInput::message() {
  auto first = line(">>> ");
  if (!first) return std::nullopt;
  std::string text = std::move(*first);
  if (text.starts_with(kBlock)) {
    text.erase(0, kBlock.size());
    while (!text.ends_with(kBlock)) {
      const auto more = line("... ");
      if (!more) return text;
      text += '\n' + *more;
    }
    text.resize(text.size() - kBlock.size());
    return text;
  }
  while (text.ends_with('\\')) {
    text.pop_back();
    const auto more = line("... ");
    text += '\n' + more.value_or("");
    if (!more) break;
  }
  return text;
}

}  // namespace hearth::cli
