// Step times on disk.
#include <cmath>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/json.h"
#include "engine/step_times.h"

namespace hearth::engine {
namespace {

Result<StepTime> read_cell(const json::value& value, const std::filesystem::path& file) {
  const auto* cell = value.if_object();
  const auto number = [&](std::string_view name) {
    const json::value* field = cell == nullptr ? nullptr : cell->if_contains(name);
    return field != nullptr && field->is_number() ? field->to_number<double>() : -1.0;
  };
  const double tokens = number("tokens");
  const double depth = number("depth");
  const double ms = number("ms");
  if (tokens < 1 || tokens > 1e6 || depth < 0 || depth > 1e9 || ms < 0 || !std::isfinite(ms))
    return fail(ErrorCode::CorruptData, "{}: a cell without tokens, depth and ms", file.string());
  return StepTime{.tokens = static_cast<std::uint32_t>(tokens),
                  .depth = static_cast<std::uint32_t>(depth),
                  .ms = ms};
}

}  // namespace

Result<std::vector<StepTime>> read_step_times(const std::filesystem::path& file,
                                              const std::string& key) {
  std::ifstream stream(file);
  if (!stream) return std::vector<StepTime>{};
  std::ostringstream text;
  text << stream.rdbuf();
  const auto parsed = base::parse_json(text.str());
  const auto* document = parsed ? parsed->if_object() : nullptr;
  const auto* kept = document == nullptr ? nullptr : document->if_contains("key");
  const auto* cells = document == nullptr ? nullptr : document->if_contains("cells");
  if (kept == nullptr || !kept->is_string() || cells == nullptr || !cells->is_array())
    return fail(ErrorCode::CorruptData, "{}: is no table of step times", file.string());
  std::vector<StepTime> table;
  if (kept->get_string() != key) return table;  // of another model, device or version
  for (const json::value& cell : cells->get_array()) table.push_back(TRY(read_cell(cell, file)));
  return table;
}

Result<void> write_step_times(const std::filesystem::path& file, const std::string& key,
                              const std::vector<StepTime>& table) {
  json::array cells;
  for (const StepTime& time : table)
    cells.push_back(json::object{{"tokens", time.tokens}, {"depth", time.depth}, {"ms", time.ms}});
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream stream(fresh);
    stream << base::write_json(json::object{{"key", key}, {"cells", std::move(cells)}}) << '\n';
    if (!stream) return fail(ErrorCode::Io, "{} cannot be written", fresh.string());
  }
  std::filesystem::rename(fresh, file, error);
  if (error) return fail(ErrorCode::Io, "{}: {}", file.string(), error.message());
  return {};
}

}  // namespace hearth::engine
