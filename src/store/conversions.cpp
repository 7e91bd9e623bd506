// Reading and writing rows of conversions.
#include "store/conversions.h"

#include <array>
#include <utility>

namespace hearth::store {
namespace {

constexpr auto kConversionStates = std::to_array<std::pair<ConversionState, std::string_view>>({
    {ConversionState::Pending, "pending"},
    {ConversionState::Running, "running"},
    {ConversionState::Completed, "completed"},
    {ConversionState::Failed, "failed"},
    {ConversionState::Cancelled, "cancelled"},
});

Result<ConversionState> conversion_state_named(std::string_view text) {
  for (const auto& [state, name] : kConversionStates)
    if (name == text) return state;
  return fail(ErrorCode::CorruptData, "the database has a conversion of the state \"{}\"", text);
}

Result<ConversionRow> read_conversion(const Statement& row) {
  return ConversionRow{.id = row.text(0),
                       .model = row.text(1),
                       .source = row.text(2),
                       .target = row.text(3),
                       .preset = row.text(4),
                       .options = row.text(5),
                       .replaces = row.integer(6) != 0,
                       .memory_bytes = static_cast<std::uint64_t>(row.integer(7)),
                       .state = TRY(conversion_state_named(row.text(8))),
                       .begun = row.integer(9) != 0,
                       .place = row.integer(10),
                       .error_code = row.text(11),
                       .error = row.text(12),
                       .result = row.text(13),
                       .created = row.integer(14),
                       .changed = row.integer(15)};
}

}  // namespace

std::string_view name(ConversionState state) {
  for (const auto& [value, text] : kConversionStates)
    if (value == state) return text;
  return "failed";
}

Result<std::vector<ConversionRow>> Conversions::list() {
  return database_.read([](Connection& connection) -> Result<std::vector<ConversionRow>> {
    auto row = TRY(connection.prepare(
        "SELECT id, model, source, target, preset, options, replaces, memory_bytes, state, begun, "
        "place, error_code, error, result, created, changed FROM conversions "
        "ORDER BY place, created, id"));
    std::vector<ConversionRow> rows;
    while (TRY(row.step())) rows.push_back(TRY(read_conversion(row)));
    return rows;
  });
}

Result<void> Conversions::put(const std::vector<ConversionRow>& rows) {
  return database_.write([&](Connection& connection) -> Result<void> {
    for (const ConversionRow& row : rows)
      TRY(
          connection.run("INSERT OR REPLACE INTO conversions VALUES "
                         "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         row.id, row.model, row.source, row.target, row.preset, row.options,
                         static_cast<int>(row.replaces), row.memory_bytes, name(row.state),
                         static_cast<int>(row.begun), row.place, row.error_code, row.error,
                         row.result, row.created, row.changed));
    return {};
  });
}

Result<void> Conversions::remove(const std::string& id) {
  return database_.write([&](Connection& connection) {
    return connection.run("DELETE FROM conversions WHERE id = ?", id);
  });
}

}  // namespace hearth::store
