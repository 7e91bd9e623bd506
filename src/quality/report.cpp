// Names of the members are for programs: they stay as they are.
#include "quality/report.h"

#include <ctime>
#include <fstream>
#include <system_error>

#include "nn/file.h"

namespace hearth::quality {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLimit = 1'000'000;

json::object figures_json(const ModelFigures& figures) {
  return {{"folder", figures.folder.string()},
          {"weights", figures.weights},
          {"parameters", figures.parameters},
          {"bits_per_weight", figures.bits_per_weight},
          {"disk_bytes", figures.disk_bytes},
          {"memory_bytes", figures.memory_bytes},
          {"kv_bytes_per_1000_tokens", figures.kv_bytes},
          {"perplexity", figures.perplexity},
          {"prompt_tokens_per_second", figures.prompt_speed},
          {"generation_tokens_per_second", figures.generation_speed}};
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

double number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_number() ? value->to_number<double>() : 0.0;
}

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

json::object to_json(const Comparison& comparison) {
  const Distance& distance = comparison.distance;
  return {{"reference", figures_json(comparison.reference)},
          {"model", figures_json(comparison.other)},
          {"kl_mean", distance.kl_mean},
          {"kl_p99", distance.kl_p99},
          {"kl_max", distance.kl_max},
          {"agreement", distance.agreement},
          {"predicted_tokens", distance.tokens},
          {"text_tokens", comparison.text_tokens},
          {"whole_text_tokens", comparison.whole_tokens},
          {"window", comparison.window},
          {"loaded_together", comparison.together}};
}

Result<void> keep(const Comparison& comparison, const std::string& reference_name,
                  const std::string& text_name) {
  json::object object = to_json(comparison);
  object["reference_name"] = reference_name;
  object["text"] = text_name;
  object["date"] = today();
  const fs::path target = comparison.other.folder / kKeptFile;
  const fs::path half = comparison.other.folder / (std::string(".") + kKeptFile);
  std::ofstream file(half, std::ios::binary);
  file << base::write_json(object) << "\n";
  file.close();
  std::error_code error;
  if (file) fs::rename(half, target, error);
  if (!file || error)
    return fail(ErrorCode::Io, "{} cannot be written{}", target.string(),
                error ? ": " + error.message() : std::string());
  return {};
}

std::optional<json::object> kept(const fs::path& folder) {
  const auto file = nn::File::open(folder / kKeptFile);
  if (!file) return {};
  const auto content = file->text(kLimit);
  if (!content) return {};
  auto parsed = base::parse_json(*content);
  if (!parsed || !parsed->is_object() || !parsed->get_object().contains("kl_mean")) return {};
  return std::move(parsed->get_object());
}

std::string describe_kept(const json::object& kept) {
  const auto perplexity = [&](std::string_view member) {
    const json::value* model = kept.if_contains(member);
    return model && model->is_object() ? number(model->get_object(), "perplexity") : 0.0;
  };
  constexpr double kPercent = 100.0;
  return fmt::format(
      "KL divergence {:.4f} from {}, the same likeliest token in {:.1f} %, perplexity {:.3f} "
      "against {:.3f} ({:.0f} tokens of {}, {})",
      number(kept, "kl_mean"), text(kept, "reference_name"), number(kept, "agreement") * kPercent,
      perplexity("model"), perplexity("reference"), number(kept, "predicted_tokens"),
      text(kept, "text"), text(kept, "date"));
}

}  // namespace hearth::quality
