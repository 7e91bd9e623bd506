// Reads, proves and writes marks.
#include "convert/part_journal.h"

#include <optional>
#include <system_error>
#include <utility>

#include "convert/model_files.h"
#include "convert/pretty_json.h"
#include "convert/shard_file.h"

namespace hearth::convert {

namespace {

std::optional<std::uint64_t> count_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_int64() || value->get_int64() < 0) return {};
  return static_cast<std::uint64_t>(value->get_int64());
}

std::optional<PartJournal::Mark> mark_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return {};
  const auto tensors = count_at(*object, "tensors");
  const auto bytes = count_at(*object, "bytes");
  const json::value* hash = object->if_contains("sha256");
  if (!tensors || !bytes || !hash || !hash->is_string()) return {};
  return PartJournal::Mark{
      .tensors = *tensors, .bytes = *bytes, .sha256 = std::string(hash->get_string())};
}

}  // namespace

PartJournal PartJournal::read(const std::filesystem::path& folder, std::string fingerprint) {
  PartJournal journal;
  journal.folder_ = folder;
  journal.fingerprint_ = std::move(fingerprint);
  const json::object object = read_json_object(folder / kFile).value_or(json::object());
  const json::value* whose = object.if_contains("export");
  std::error_code ignored;
  if (!whose || !whose->is_string() || whose->get_string() != journal.fingerprint_) {
    journal.replaced_ = std::filesystem::exists(folder / kFile, ignored);
    return journal;
  }
  const json::value* marks = object.if_contains("marks");
  if (!marks || !marks->is_array()) return journal;
  for (const json::value& value : marks->get_array()) {
    auto mark = mark_of(value);
    const Mark last = journal.marks_.empty() ? Mark() : journal.marks_.back();
    if (!mark || mark->tensors <= last.tensors || mark->bytes <= last.bytes) break;
    journal.marks_.push_back(*std::move(mark));
  }
  return journal;
}

PartJournal::Mark PartJournal::seems_done(std::uint64_t file_bytes) const {
  Mark found;
  for (const Mark& mark : marks_)
    if (mark.bytes <= file_bytes) found = mark;
  return found;
}

PartJournal::Mark PartJournal::prove(const std::filesystem::path& file) {
  Mark found;
  std::size_t proven = 0;
  for (const Mark& mark : marks_) {
    const auto hash = file_hash(file, found.bytes, mark.bytes - found.bytes);
    if (!hash || *hash != mark.sha256) break;
    found = mark;
    ++proven;
  }
  marks_.resize(proven);
  return found;
}

Result<void> PartJournal::add(Mark mark) {
  marks_.push_back(std::move(mark));
  json::array marks;
  for (const Mark& each : marks_)
    marks.push_back(
        json::object{{"tensors", each.tensors}, {"bytes", each.bytes}, {"sha256", each.sha256}});
  return write_whole(folder_ / kFile, pretty_json(json::object{{"export", fingerprint_},
                                                               {"marks", std::move(marks)}}));
}

}  // namespace hearth::convert
