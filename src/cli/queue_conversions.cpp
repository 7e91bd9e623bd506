// Orders to the server, and its queue as a table.
#include "cli/queue_conversions.h"

#include <boost/describe.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/decode.h"
#include "cli/call_server.h"
#include "cli/gguf_output.h"
#include "cli/text_table.h"

namespace hearth::cli {
namespace {

struct ToldError {
  std::string message;
};
BOOST_DESCRIBE_STRUCT(ToldError, (), (message))

/// What the server says of one, as far as it is shown here.
struct ToldConversion {
  std::string id;
  std::string model;
  std::string name;
  std::string state;
  std::optional<ToldError> error;
  std::optional<ToldError> waits_for;
  std::optional<std::string> phase;
  std::optional<double> percent;
  std::optional<std::int64_t> seconds_left;
};
BOOST_DESCRIBE_STRUCT(ToldConversion, (),
                      (id, model, name, state, error, waits_for, phase, percent, seconds_left))

struct ToldConversions {
  std::vector<ToldConversion> conversions;
};
BOOST_DESCRIBE_STRUCT(ToldConversions, (), (conversions))

bool is_path(const std::string& model) {
  std::error_code ignored;
  return model.starts_with('.') || model.starts_with('/') || is_gguf_file(model) ||
         (model.contains('/') && std::filesystem::is_directory(model, ignored));
}

std::string left_text(std::int64_t seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kTooLong = 100;  // seconds, to be told as such
  return seconds < kTooLong ? fmt::format("{} s", seconds)
                            : fmt::format("{} min", seconds / kMinute);
}

/// How far it is, or why it is not.
std::string news_of(const ToldConversion& one) {
  if (one.error) return one.error->message;
  if (one.waits_for) return one.waits_for->message;
  if (!one.phase) return "";
  std::string text = *one.phase;
  if (one.percent) text += fmt::format(" {:.0f} %", *one.percent);
  if (one.seconds_left) text += fmt::format(", {} left", left_text(*one.seconds_left));
  return text;
}

}  // namespace

Result<std::string> conversions_text(const json::value& answer) {
  const auto told = base::decode<ToldConversions>(answer);
  if (!told)
    return fail(ErrorCode::Upstream, "what answers at that address is not a Hearth server");
  std::vector<std::vector<std::string>> rows;
  rows.reserve(told->conversions.size());
  for (const ToldConversion& one : told->conversions)
    rows.push_back({one.id, one.state, one.model, one.name, news_of(one)});
  return text_table({"ID", "STATE", "MODEL", "BECOMES", ""}, rows);
}

Result<void> queue_conversions(const services::Settings& settings, const QueuedConversions& wanted,
                               bool as_json) {
  for (const std::string& model : wanted.models)
    if (is_path(model))
      return fail(ErrorCode::InvalidArgument,
                  "--queue takes models by their names (hearth list shows them), and {} is a path; "
                  "have the server look there with --models-folder, or leave out --queue",
                  model);
  json::object body{{"models", json::value_from(wanted.models)},
                    {"options", services::write_conversion_options(wanted.options)},
                    {"replace", wanted.replaces}};
  if (!wanted.name.empty()) body["name"] = wanted.name;
  if (!wanted.preset.empty()) body["preset"] = wanted.preset;
  const auto answer = TRY(post_to_server(settings, "/admin/api/conversions", body));
  if (as_json) {
    fmt::print("{}\n", base::write_json(answer));
    return {};
  }
  fmt::print("{}\nhearth jobs shows how far they are.\n", TRY(conversions_text(answer)));
  return {};
}

}  // namespace hearth::cli
