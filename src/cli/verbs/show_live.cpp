// Asking a server, and writing its report for people.
#include "cli/verbs/show_live.h"

#include <chrono>
#include <fmt/format.h>

#include "cli/text_table.h"
#include "http/client.h"

namespace hearth::cli {
namespace {

/// A number of the report; 0 where a server of another version does not tell it.
double number(const json::object& model, std::string_view pointer) {
  boost::system::error_code missing;
  const json::value document(model);
  const json::value* found = document.find_pointer(pointer, missing);
  return found && found->is_number() ? found->to_number<double>() : 0;
}

std::string count(const json::object& model, std::string_view pointer) {
  return grouped(static_cast<std::uint64_t>(number(model, pointer)));
}

std::string size(const json::object& model, std::string_view pointer) {
  return size_text(static_cast<std::uint64_t>(number(model, pointer)));
}

/// What a step of so many tokens takes on this machine.
std::string step_times(const json::object& model) {
  boost::system::error_code missing;
  const json::value document(model);
  const json::value* table = document.find_pointer("/step_times", missing);
  if (!table || !table->is_array() || table->get_array().empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const json::value& cell : table->get_array()) {
    if (!cell.is_object()) continue;
    const json::object& one = cell.get_object();
    rows.push_back({"   ", count(one, "/tokens"), count(one, "/depth"),
                    fmt::format("{:.2f}", number(one, "/ms"))});
  }
  return "  step times\n" + text_table({"", "TOKENS>", "DEPTH>", "MS>"}, rows);
}

std::string row(std::string_view name, const std::string& value) {
  return fmt::format("  {:<12} {}\n", name, value);
}

/// A line for each kind of operation: which path computed how many.
std::string kernels(const json::object& model) {
  std::string out;
  const json::value* list = model.if_contains("kernels");
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& calls : list->get_array()) {
    if (!calls.is_object()) continue;
    const auto text = [&](const char* key) {
      const json::value* value = calls.get_object().if_contains(key);
      return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                    : std::string("?");
    };
    out += row("kernels", fmt::format("{} x {} by {}", count(calls.get_object(), "/calls"),
                                      text("operation"), text("path")));
  }
  return out;
}

}  // namespace

std::optional<json::object> live_state(const services::Settings& settings, const std::string& id) {
  const std::string url =
      fmt::format("http://{}:{}/admin/api/engine", settings.host, settings.port);
  const auto answer = http::fetch({.url = url, .timeout = std::chrono::seconds(2)});
  if (!answer || answer->status != 200) return std::nullopt;
  const auto document = base::parse_json(answer->body);
  boost::system::error_code missing;
  const json::value* models = document ? document->find_pointer("/models", missing) : nullptr;
  if (!models || !models->is_array()) return std::nullopt;
  for (const json::value& model : models->get_array()) {
    const json::value* name = model.find_pointer("/id", missing);
    if (model.is_object() && name && *name == json::value(id)) return model.get_object();
  }
  return std::nullopt;
}

std::string describe_live(const json::object& model) {
  if (!model.contains("queue"))
    return row("now", fmt::format("loading, {:.0f} %", number(model, "/progress") * 100));
  std::string out = row("now", fmt::format("loaded in process {:.0f}", number(model, "/process")));
  out += row("queue", fmt::format("{} running, {} waiting", count(model, "/queue/running"),
                                  count(model, "/queue/waiting")));
  out +=
      row("last step", fmt::format("{} tokens, {} of them of answers, in {:.1f} ms",
                                   count(model, "/batch/tokens"), count(model, "/batch/decoding"),
                                   number(model, "/batch/step_ms")));
  out += row("KV pages",
             fmt::format("{} of {} used, {} kept for later prompts", count(model, "/pages/used"),
                         count(model, "/pages/total"), count(model, "/pages/cached")));
  if (number(model, "/window_pages/total") > 0)
    out += row("window pages",
               fmt::format("{} of {} used, {} kept, of layers with a window",
                           count(model, "/window_pages/used"), count(model, "/window_pages/total"),
                           count(model, "/window_pages/cached")));
  out += row("prefix cache", fmt::format("{:.0f} % of {} prompt tokens were there",
                                         number(model, "/cache/hit_rate") * 100,
                                         count(model, "/cache/lookup_tokens")));
  out += row("computed",
             fmt::format("{} prompt tokens, {} tokens of answers, in {} steps",
                         count(model, "/totals/prompt_tokens"),
                         count(model, "/totals/completion_tokens"), count(model, "/totals/steps")));
  out += row("memory", fmt::format("{} (at most {})", size(model, "/memory/active_bytes"),
                                   size(model, "/memory/peak_bytes")));
  return out + kernels(model) + step_times(model);
}

}  // namespace hearth::cli
