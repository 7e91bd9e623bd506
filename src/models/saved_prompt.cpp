// Saved prompts as safetensors.
#include "models/saved_prompt.h"

#include <exception>
#include <mlx/io.h>
#include <set>
#include <system_error>
#include <utility>

#include "nn/checkpoint.h"

namespace hearth::models {

namespace mx = nn::mx;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kTokens = "tokens";
constexpr std::string_view kIdentity = "identity";
constexpr std::string_view kPart = ".part.safetensors";  // MLX adds the ending where it is missing

Result<void> check_place(const PromptPlace& place, std::size_t tokens) {
  if (tokens > 0 &&
      place.pages.size() == static_cast<std::size_t>(nn::pages_for(static_cast<int>(tokens))))
    return {};
  return fail(ErrorCode::InvalidArgument, "a prompt of {} tokens cannot lie in {} pages", tokens,
              place.pages.size());
}

mx::array bytes_of(const std::string& text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return mx::array(bytes.data(), {static_cast<int>(bytes.size())}, mx::uint8);
}

/// Calls `work`; what MLX throws becomes an error that names the file.
template <typename Work>
Result<void> guarded(const fs::path& path, const Work& work) {
  try {
    work();
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::Io, "{}: {}", path.filename().string(), error.what());
  }
}

Result<SavedPrompt> read_prompt(const nn::Checkpoint& file, const std::string& name) {
  for (const std::string_view needed : {kTokens, kIdentity})
    if (!file.tensors().contains(needed))
      return fail(ErrorCode::CorruptData, "{}: is no saved prompt: it has no \"{}\"", name, needed);
  mx::array tokens = TRY(file.read(kTokens));
  mx::array identity = TRY(file.read(kIdentity));
  if (tokens.ndim() != 1 || tokens.dtype() != mx::int32 || identity.dtype() != mx::uint8)
    return fail(ErrorCode::CorruptData, "{}: its tokens or its identity have another form", name);
  mx::eval({tokens, identity});
  const auto* ids = tokens.data<std::int32_t>();
  const auto* letters = identity.data<std::uint8_t>();
  return SavedPrompt{.tokens = {ids, ids + tokens.size()},
                     .identity = {letters, letters + identity.size()}};
}

}  // namespace

Result<void> save_prompt(Cache& cache, const PromptPlace& place, const SavedPrompt& prompt,
                         const fs::path& path) {
  TRY(check_place(place, prompt.tokens.size()));
  fs::path part = path;
  part += kPart;
  TRY(guarded(path, [&] {
    std::unordered_map<std::string, mx::array> arrays;
    for (const auto& [name, array] : cache.content(place.pages, place.state))
      arrays.emplace(name, array);
    const int tokens = static_cast<int>(prompt.tokens.size());
    arrays.emplace(kTokens, mx::array(prompt.tokens.data(), {tokens}, mx::int32));
    arrays.emplace(kIdentity, bytes_of(prompt.identity));
    mx::save_safetensors(part.string(), std::move(arrays));
  }));
  std::error_code error;
  fs::rename(part, path, error);
  if (error) return fail(ErrorCode::Io, "{}: {}", path.filename().string(), error.message());
  return {};
}

Result<SavedPrompt> read_saved_prompt(const fs::path& path) {
  const auto file = TRY(nn::Checkpoint::open_file(path));
  return read_prompt(file, path.filename().string());
}

Result<void> load_prompt(Cache& cache, const PromptPlace& place, const fs::path& path) {
  const auto file = TRY(nn::Checkpoint::open_file(path));
  const std::string name = path.filename().string();
  const SavedPrompt prompt = TRY(read_prompt(file, name));
  TRY(check_place(place, prompt.tokens.size()));
  std::map<std::string, mx::array> content;
  for (const auto& [tensor, entry] : file.tensors())
    if (tensor != kTokens && tensor != kIdentity) content.emplace(tensor, TRY(file.read(tensor)));
  std::string fault;
  TRY(guarded(path, [&] { fault = cache.replace(place.pages, place.state, content); }));
  if (fault.empty()) return {};
  return fail(ErrorCode::CorruptData, "{}: was saved from another model: {}", name, fault);
}

}  // namespace hearth::models
