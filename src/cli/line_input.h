// Reading what the user types, with editing and history.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace hearth::cli {

/// Lines from a terminal. One message may take several lines: a line that ends in `\` goes on, and
/// `"""` opens a block that the next `"""` closes.
class LineInput {
 public:
  /// @param history  file that keeps what was typed; unwritable is fine
  explicit LineInput(std::filesystem::path history);
  ~LineInput();
  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;

  /// The next message, or nothing at the end of input (Ctrl-D).
  std::optional<std::string> message();

 private:
  std::optional<std::string> line(const char* prompt);
  std::filesystem::path history_;
};

}  // namespace hearth::cli
