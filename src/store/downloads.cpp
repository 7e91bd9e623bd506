// Reading and writing rows of downloads.
#include "store/downloads.h"

#include <array>
#include <utility>

#include "store/text_list.h"

namespace hearth::store {
namespace {

constexpr auto kDownloadStates = std::to_array<std::pair<DownloadState, std::string_view>>({
    {DownloadState::Pending, "pending"},
    {DownloadState::Starting, "starting"},
    {DownloadState::Downloading, "downloading"},
    {DownloadState::Paused, "paused"},
    {DownloadState::Completed, "completed"},
    {DownloadState::Failed, "failed"},
    {DownloadState::Cancelled, "cancelled"},
});

Result<DownloadState> download_state_named(std::string_view text) {
  for (const auto& [state, name] : kDownloadStates)
    if (name == text) return state;
  return fail(ErrorCode::CorruptData, "the database has a download of the state \"{}\"", text);
}

Result<DownloadRow> read_download(const Statement& row) {
  return DownloadRow{.id = row.text(0),
                     .repository = row.text(1),
                     .revision = row.text(2),
                     .include = TRY(read_text_list(row.text(3))),
                     .exclude = TRY(read_text_list(row.text(4))),
                     .state = TRY(download_state_named(row.text(5))),
                     .place = row.integer(6),
                     .commit = row.text(7),
                     .folder = row.text(8),
                     .bytes = static_cast<std::uint64_t>(row.integer(9)),
                     .done = static_cast<std::uint64_t>(row.integer(10)),
                     .files = static_cast<std::uint64_t>(row.integer(11)),
                     .error_code = row.text(12),
                     .error = row.text(13),
                     .created = row.integer(14),
                     .changed = row.integer(15)};
}

}  // namespace

std::string_view name(DownloadState state) {
  for (const auto& [value, text] : kDownloadStates)
    if (value == state) return text;
  return "failed";
}

Result<std::vector<DownloadRow>> Downloads::list() {
  return database_.read([](Connection& connection) -> Result<std::vector<DownloadRow>> {
    auto row = TRY(connection.prepare(
        "SELECT id, repository, revision, include, exclude, state, place, commit_id, folder, "
        "bytes, done, files, error_code, error, created, changed FROM downloads "
        "ORDER BY place, created, id"));
    std::vector<DownloadRow> rows;
    while (TRY(row.step())) rows.push_back(TRY(read_download(row)));
    return rows;
  });
}

Result<void> Downloads::put(const std::vector<DownloadRow>& rows) {
  return database_.write([&](Connection& connection) -> Result<void> {
    for (const DownloadRow& row : rows)
      TRY(connection.run(
          "INSERT OR REPLACE INTO downloads VALUES "
          "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          row.id, row.repository, row.revision, write_text_list(row.include),
          write_text_list(row.exclude), name(row.state), row.place, row.commit, row.folder,
          row.bytes, row.done, row.files, row.error_code, row.error, row.created, row.changed));
    return {};
  });
}

Result<void> Downloads::remove(const std::string& id) {
  return database_.write([&](Connection& connection) {
    return connection.run("DELETE FROM downloads WHERE id = ?", id);
  });
}

}  // namespace hearth::store
