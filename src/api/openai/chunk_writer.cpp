// The parts of an answer that chat and text completions write alike.
#include "api/openai/chunk_writer.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>

#include "base/json.h"

namespace hearth::api::openai {
namespace {

void member(std::string& out, std::string_view name, double value) {
  out += fmt::format("\"{}\":", name);
  base::append_json_number(out, value);
}

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

double per_second(double count, double ms) {
  return ms > 0 ? rounded(count * 1000 / ms) : 0;
}

}  // namespace

std::string_view finish_word(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::Stop:
    case engine::FinishReason::StopString:
      return "stop";
    case engine::FinishReason::Length:
    case engine::FinishReason::ContextFull:
      return "length";
  }
  return "stop";
}

void append_index(std::string& out, std::size_t index) {
  const fmt::format_int digits(index);
  out.append(digits.data(), digits.size());
}

void append_usage(std::string& out, const engine::Usage& usage) {
  fmt::format_to(std::back_inserter(out),
                 R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                 R"("prompt_tokens_details":{{"cached_tokens":{}}},)"
                 R"("completion_tokens_details":{{"reasoning_tokens":{}}}}})",
                 usage.prompt_tokens, usage.completion_tokens,
                 usage.prompt_tokens + usage.completion_tokens, usage.cached_tokens,
                 usage.reasoning_tokens);
}

void append_timings(std::string& out, const Totals& totals) {
  const double prompt = totals.usage.prompt_tokens - totals.usage.cached_tokens;
  const double predicted = totals.usage.completion_tokens;
  const double prompt_ms = totals.timings.prompt_ms;
  const double decode_ms = totals.timings.decode_ms;
  out += R"("timings":{)";
  member(out, "cache_n", totals.usage.cached_tokens);
  const std::pair<std::string_view, double> rest[] = {
      {"prompt_n", prompt},
      {"prompt_ms", rounded(prompt_ms)},
      {"prompt_per_token_ms", prompt > 0 ? rounded(prompt_ms / prompt) : 0},
      {"prompt_per_second", per_second(prompt, prompt_ms)},
      {"predicted_n", predicted},
      {"predicted_ms", rounded(decode_ms)},
      {"predicted_per_token_ms", predicted > 0 ? rounded(decode_ms / predicted) : 0},
      {"predicted_per_second", per_second(predicted, decode_ms)},
      {"queue_ms", rounded(totals.timings.queue_ms)},
  };
  for (const auto& [name, value] : rest) {
    out.push_back(',');
    member(out, name, value);
  }
  out.push_back('}');
}

void append_cache_reports(std::string& out, const std::vector<CacheReport>& reports) {
  if (reports.empty()) return;
  json::array list;
  for (const auto& [cached_tokens, prefix] : reports) {
    json::object one{{"cached_tokens", cached_tokens},
                     {"rule", engine::name(prefix.rule)},
                     {"position", prefix.position}};
    if (!prefix.here.empty()) one["here"] = prefix.here;
    if (!prefix.earlier.empty()) one["earlier"] = prefix.earlier;
    list.push_back(std::move(one));
  }
  out += R"(,"prefix_cache":)" + base::write_json(list);
}

void ChunkWriter::append_head(std::string& out, std::string_view name) const {
  out += R"({"id":)";
  base::append_json_string(out, head_.id);
  fmt::format_to(std::back_inserter(out), R"(,"object":"{}","created":{},"model":)", name,
                 head_.created);
  base::append_json_string(out, head_.model);
  out += R"(,"system_fingerprint":)";
  base::append_json_string(out, head_.fingerprint);
}

void ChunkWriter::set_head(AnswerHead head) {
  head_ = std::move(head);
  opening_ = "data: ";
  append_head(opening_, object());
}

void ChunkWriter::open_chunk(std::string& out) const {
  out += opening_;
}

void ChunkWriter::close_chunk(std::string& out, const Totals* timed) const {
  if (usage_asked) out += R"(,"usage":null)";
  if (timed) {
    out.push_back(',');
    append_timings(out, *timed);
    append_cache_reports(out, timed->cache);
  }
  out += "}\n\n";
}

void ChunkWriter::append_ids(std::string& out, const std::vector<engine::TokenId>& ids) const {
  if (ids_asked)
    fmt::format_to(std::back_inserter(out), R"(,"token_ids":[{}])", fmt::join(ids, ","));
}

std::string ChunkWriter::whole(const std::vector<WholeChoice>& choices,
                               const Totals& totals) const {
  std::string out;
  append_head(out, whole_object());
  out += R"(,"choices":[)";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out.push_back(',');
    append_whole(out, i, choices[i]);
  }
  out += "],";
  append_usage(out, totals.usage);
  out.push_back(',');
  append_timings(out, totals);
  append_cache_reports(out, totals.cache);
  return out + "}";
}

void ChunkWriter::totals(std::string& out, const Totals& totals) const {
  open_chunk(out);
  out += R"(,"choices":[],)";
  append_usage(out, totals.usage);
  out.push_back(',');
  append_timings(out, totals);
  append_cache_reports(out, totals.cache);
  out += "}\n\n";
}

void ChunkWriter::progress(std::string& out, const engine::PromptProgress& progress,
                           double ms) const {
  open_chunk(out);
  fmt::format_to(
      std::back_inserter(out),
      R"(,"choices":[],"prompt_progress":{{"total":{},"cache":0,"processed":{},"time_ms":{}}})",
      progress.total, progress.computed, static_cast<std::int64_t>(ms));
  close_chunk(out);
}

}  // namespace hearth::api::openai
