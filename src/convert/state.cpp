// Reads and writes the state file.
#include "convert/state.h"

#include <utility>

#include "convert/pretty_json.h"
#include "convert/shard_file.h"
#include "nn/file.h"

namespace hearth::convert {

namespace {

constexpr std::uint64_t kStateLimit = 16'000'000;

json::object read_object(const std::filesystem::path& path) {
  const auto file = nn::File::open(path);
  if (!file) return {};
  const auto text = file->text(kStateLimit);
  if (!text) return {};
  auto parsed = base::parse_json(*text);
  return parsed && parsed->is_object() ? parsed->get_object() : json::object{};
}

}  // namespace

State State::read(const std::filesystem::path& folder, std::string fingerprint) {
  State state;
  state.folder_ = folder;
  state.fingerprint_ = std::move(fingerprint);
  const json::object object = read_object(folder / kFile);
  const json::value* made = object.if_contains("conversion");
  std::error_code ignored;
  if (!made || !made->is_string() || made->get_string() != state.fingerprint_) {
    state.replaced_ = std::filesystem::exists(folder / kFile, ignored);
    return state;
  }
  const json::value* files = object.if_contains("files");
  if (!files || !files->is_object()) return state;
  for (const auto& member : files->get_object()) {
    const json::object* done = member.value().if_object();
    const json::value* bytes = done ? done->if_contains("bytes") : nullptr;
    const json::value* hash = done ? done->if_contains("sha256") : nullptr;
    if (!bytes || !hash || !bytes->is_int64() || !hash->is_string()) continue;
    state.done_[std::string(member.key())] = {static_cast<std::uint64_t>(bytes->get_int64()),
                                              std::string(hash->get_string())};
  }
  return state;
}

bool State::seems_done(const std::string& file) const {
  const auto found = done_.find(file);
  std::error_code error;
  return found != done_.end() &&
         std::filesystem::file_size(folder_ / file, error) == found->second.bytes && !error;
}

bool State::holds(const std::string& file) const {
  if (!seems_done(file)) return false;
  const auto hash = file_hash(folder_ / file);
  return hash && *hash == done_.find(file)->second.sha256;
}

Result<void> State::add(const std::string& file, std::uint64_t bytes, std::string sha256) {
  done_[file] = {bytes, std::move(sha256)};
  json::object files;
  for (const auto& [name, done] : done_)
    files[name] = {{"bytes", done.bytes}, {"sha256", done.sha256}};
  return write_whole(folder_ / kFile, pretty_json(json::object{{"conversion", fingerprint_},
                                                               {"files", std::move(files)}}));
}

}  // namespace hearth::convert
