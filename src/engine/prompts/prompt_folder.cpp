// Listing, making room and removing.
#include "engine/prompts/prompt_folder.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace hearth::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".safetensors";
constexpr std::string_view kUnfinished = ".safetensors.part-";
constexpr std::uint64_t kHeaderBytes = 256;  // what the header says of one tensor, at most
constexpr std::chrono::hours kAbandoned{1};  // a file that was not finished by then never will be

/// A file that nobody can use; another process may have been quicker.
void discard(const fs::path& file, const std::string& why) {
  log_warn("engine", "saved prompt {} is removed: {}", file.string(), why);
  std::error_code ignored;
  fs::remove(file, ignored);
}

/// The head of a file whose name says what it holds.
Result<SavedPrompt> read_named(const fs::path& file) {
  SavedPrompt prompt = TRY(read_prompt_head(file));
  if (file.stem() == prompt.id) return prompt;
  return fail(ErrorCode::CorruptData, "{}: holds another prompt than its name says",
              file.filename().string());
}

/// Finer than what the file system notes by itself.
void note_use(const fs::path& file) {
  std::error_code ignored;
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
}

}  // namespace

/// One file, whatever it holds.
struct PromptFolder::Held {
  fs::path path;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
};

fs::path PromptFolder::path_of(const SavedPrompt& prompt) const {
  return root_ / prompt.fingerprint / (prompt.id + std::string(kEnding));
}

/// The latest used first. Files that were never finished, by a process that ended, go.
std::vector<PromptFolder::Held> PromptFolder::files(const std::string& fingerprint) const {
  std::vector<Held> held;
  if (root_.empty()) return held;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root_ / fingerprint, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    const std::string name = at->path().filename().string();
    if (!at->is_regular_file(gone)) continue;
    const Held one{
        .path = at->path(), .bytes = at->file_size(gone), .used = at->last_write_time(gone)};
    if (gone) continue;
    const bool unfinished = name.find(kUnfinished) != std::string::npos;
    if (unfinished && one.used + kAbandoned < fs::file_time_type::clock::now())
      discard(one.path, "it was never finished");
    else if (!unfinished && name.ends_with(kEnding))
      held.push_back(one);
  }
  std::ranges::sort(held, std::ranges::greater(), &Held::used);
  return held;
}

std::vector<SavedPrompt> PromptFolder::list(const std::string& fingerprint) const {
  std::vector<SavedPrompt> prompts;
  for (const Held& file : files(fingerprint)) {
    auto head = read_named(file.path);
    if (head)
      prompts.push_back(std::move(*head));
    else if (head.error().code == ErrorCode::CorruptData)
      discard(file.path, head.error().message);
  }
  return prompts;
}

std::optional<SavedPrompt> PromptFolder::find(const std::string& id) const {
  for (const Held& file : files({}))
    if (file.path.stem() == id)
      if (auto head = read_named(file.path)) return std::move(*head);
  return std::nullopt;
}

Result<SavedPrompt> PromptFolder::write(PromptContent content) const {
  std::uint64_t bytes = kHeaderBytes + content.prompt.tokens.size() * sizeof(TokenId);
  for (const CacheTensor& tensor : content.tensors) bytes += kHeaderBytes + tensor.bytes.size();
  if (bytes > limit_bytes_)
    return fail(ErrorCode::TooLarge,
                "the prompt of {} tokens takes {} MiB on disk, and all saved prompts together may "
                "take {} MiB; shorten it, or raise engine.saved_prompts_mib",
                content.prompt.tokens.size(), (bytes >> 20) + 1, limit_bytes_ >> 20);
  content.prompt.id = prompt_id(content.prompt);
  const fs::path path = path_of(content.prompt);
  make_room(bytes);
  content.prompt.bytes = TRY(write_prompt(path, content));
  note_use(path);
  make_room(0);  // others may have written meanwhile
  return std::move(content.prompt);
}

Result<PromptContent> PromptFolder::read(const SavedPrompt& prompt) const {
  const fs::path path = path_of(prompt);
  auto content = read_prompt(path);
  if (!content && content.error().code == ErrorCode::CorruptData)
    discard(path, content.error().message);
  if (content) note_use(path);
  return content;
}

Result<void> PromptFolder::remove(const std::string& id) const {
  for (const Held& file : files({})) {
    std::error_code error;
    if (file.path.stem() != id || !fs::remove(file.path, error)) continue;
    return {};
  }
  return fail(ErrorCode::NotFound,
              "there is no saved prompt with the id \"{}\"; GET /admin/api/prompts lists them", id);
}

void PromptFolder::make_room(std::uint64_t bytes) const {
  std::uint64_t sum = bytes;
  for (const Held& file : files({})) {
    sum += file.bytes;
    if (sum <= limit_bytes_) continue;
    std::error_code error;
    if (!fs::remove(file.path, error)) continue;
    sum -= file.bytes;
    log_info("engine", "saved prompt {} had to make room: {} MiB are set aside for them",
             file.path.filename().string(), limit_bytes_ >> 20);
  }
}

}  // namespace hearth::engine
