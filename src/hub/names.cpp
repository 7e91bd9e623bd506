// Which names are let in.
#include "hub/names.h"

#include <algorithm>

namespace hearth::hub {
namespace {

constexpr std::size_t kLongestId = 96;
constexpr std::size_t kCommitDigits = 40;

bool is_name_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
}

bool is_name(std::string_view text) {
  const auto at_edge = [](char letter) { return letter == '-' || letter == '.'; };
  return !text.empty() && std::ranges::all_of(text, is_name_letter) && !at_edge(text.front()) &&
         !at_edge(text.back()) && !text.contains("--") && !text.contains("..");
}

/// Whether the parts between slashes stay where they are put.
bool stays_below(std::string_view path) {
  const auto odd = [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; };
  if (path.empty() || path.contains('\\') || std::ranges::any_of(path, odd)) return false;
  for (;;) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<void> check_repository(std::string_view id) {
  const auto slash = id.find('/');
  const bool both = slash == std::string_view::npos
                        ? is_name(id)
                        : is_name(id.substr(0, slash)) && is_name(id.substr(slash + 1));
  if (both && id.size() <= kLongestId && !id.ends_with(".git")) return {};
  return fail(ErrorCode::InvalidArgument,
              "\"{}\" is no model of the Hub: write ORG/NAME, as in Qwen/Qwen3-0.6B", id);
}

Result<void> check_revision(std::string_view revision) {
  if (stays_below(revision)) return {};
  return fail(ErrorCode::InvalidArgument,
              "\"{}\" is no revision: name a branch, a tag or a commit, as in main", revision);
}

Result<void> check_file_path(std::string_view path) {
  if (stays_below(path)) return {};
  return fail(ErrorCode::CorruptData,
              "the Hub lists a file \"{}\", which would lie outside of the model's folder", path);
}

bool is_commit(std::string_view revision) {
  return is_hex(revision, kCommitDigits);
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char letter) {
           return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
         });
}

}  // namespace hearth::hub
