// Reads and writes the state file.
#include "convert/state.h"

#include <utility>

#include "convert/model_files.h"
#include "convert/pretty_json.h"
#include "convert/shard_file.h"

namespace hearth::convert {

State State::read(const std::filesystem::path& folder, std::string fingerprint) {
  State state;
  state.folder_ = folder;
  state.fingerprint_ = std::move(fingerprint);
  const json::object object = read_json_object(folder / kFile).value_or(json::object());
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
