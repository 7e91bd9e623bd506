// How are places marked in a text so that no user could have written the mark?
#include "text/control_marks.h"

#include <fmt/format.h>
#include <random>

namespace hearth::text {
namespace {

const std::string& process_digits() {
  static const std::string kDigits = [] {
    std::random_device random;
    return fmt::format("{:010}{:010}", random(), random());
  }();
  return kDigits;
}

void erase_all(std::string& text, std::string_view part) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

}  // namespace

const std::string& control_mark() {
  static const std::string kMark = "\uFDD0" + process_digits() + "\uFDD1";
  return kMark;
}

std::string control_spelling(TokenId id) {
  return fmt::format("\uFDD2{}:{}\uFDD3", process_digits(), id);
}

std::string without_marks(std::string_view text) {
  std::string plain(text);
  erase_all(plain, control_mark());
  erase_all(plain, "\\ufdd0" + process_digits() + "\\ufdd1");
  return plain;
}

}  // namespace hearth::text
