// The arithmetic of the figures.
#include "load/statistics.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace hearth::load {
namespace {

/// Sums over the requests that went well.
struct Totals {
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t good = 0;
  std::uint64_t prompt = 0;
  std::uint64_t cached = 0;
  std::uint64_t output = 0;
  std::uint64_t events = 0;
  std::string first_error;
};

/// One list of seconds for each kind of figure.
struct Spreads {
  std::vector<double> ttft, tpot, itl, e2el;
  double longest = 0;
};

void count(const Record& record, const Goodput& goodput, Totals& totals, Spreads& spreads) {
  if (!record.went_well()) {
    ++totals.failed;
    if (totals.first_error.empty()) totals.first_error = record.error;
    return;
  }
  ++totals.completed;
  totals.prompt += record.prompt_tokens;
  totals.cached += record.cached_tokens;
  totals.output += record.completion_tokens;
  totals.events += record.arrivals.size();
  spreads.ttft.push_back(record.time_to_first_token());
  spreads.e2el.push_back(record.ended - record.sent);
  const double per_token = time_per_token(record);
  if (record.completion_tokens > 1) spreads.tpot.push_back(per_token);
  const auto gaps = token_gaps(record);
  spreads.itl.insert(spreads.itl.end(), gaps.begin(), gaps.end());
  spreads.longest = std::max(spreads.longest, longest_gap(record));
  if (spreads.ttft.back() * 1e3 <= goodput.ttft_ms && per_token * 1e3 <= goodput.tpot_ms)
    ++totals.good;
}

}  // namespace

double percentile(const std::vector<double>& sorted, double percent) {
  if (sorted.empty()) return 0;
  const double place = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void add_spread(json::object& out, std::string_view name, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double size = std::max<double>(1, static_cast<double>(values.size()));
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / size;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto put = [&](std::string_view kind, double seconds) {
    out[fmt::format("{}_{}_ms", kind, name)] = seconds * 1e3;
  };
  put("mean", mean);
  put("median", percentile(values, 50));
  put("std", std::sqrt(squares / size));
  for (const int percent : {50, 90, 95, 99})
    put(fmt::format("p{}", percent), percentile(values, percent));
  put("max", values.empty() ? 0 : values.back());
}

std::vector<double> token_gaps(const Record& record) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < record.arrivals.size(); ++i) {
    const auto& [at, tokens] = record.arrivals[i];
    gaps.insert(gaps.end(), tokens, (at - record.arrivals[i - 1].at) / tokens);
  }
  return gaps;
}

double longest_gap(const Record& record) {
  double longest = 0;
  for (std::size_t i = 1; i < record.arrivals.size(); ++i)
    longest = std::max(longest, record.arrivals[i].at - record.arrivals[i - 1].at);
  return longest;
}

double time_per_token(const Record& record) {
  if (record.arrivals.empty() || record.completion_tokens < 2) return 0;
  return (record.ended - record.arrivals.front().at) / (record.completion_tokens - 1);
}

json::object summarise(const std::vector<Record>& records, double duration,
                       const Goodput& goodput) {
  Totals totals;
  Spreads spreads;
  for (const Record& record : records) count(record, goodput, totals, spreads);
  const auto per_second = [&](auto value) { return static_cast<double>(value) / duration; };
  json::object out{{"num_prompts", records.size()},
                   {"completed", totals.completed},
                   {"failed", totals.failed},
                   {"duration", duration},
                   {"total_input_tokens", totals.prompt},
                   {"total_cached_tokens", totals.cached},
                   {"total_output_tokens", totals.output},
                   {"total_events", totals.events},
                   {"request_throughput", per_second(totals.completed)},
                   {"request_goodput", per_second(totals.good)},
                   {"output_throughput", per_second(totals.output)},
                   {"total_token_throughput", per_second(totals.prompt + totals.output)}};
  add_spread(out, "ttft", std::move(spreads.ttft));
  add_spread(out, "tpot", std::move(spreads.tpot));
  add_spread(out, "itl", std::move(spreads.itl));
  add_spread(out, "e2el", std::move(spreads.e2el));
  out["longest_gap_ms"] = spreads.longest * 1e3;
  if (totals.failed > 0) out["first_error"] = totals.first_error;
  return out;
}

}  // namespace hearth::load
