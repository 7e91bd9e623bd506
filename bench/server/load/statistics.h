// Folds records into the figures of a run, under the names of `vllm bench serve`'s JSON.
#pragma once

#include <vector>

#include "base/json.h"
#include "load/record.h"

namespace hearth::load {

/// What a request must keep to count as good.
struct Goodput {
  double ttft_ms = 1000;
  double tpot_ms = 100;  ///< the mean gap between its tokens
};

/// Value at `percent` of sorted `values`, between neighbours in proportion; 0 if there are none.
double percentile(const std::vector<double>& sorted, double percent);

/// Adds {mean,median,std,p50,p90,p95,p99,max}_<name>_ms of `values` (seconds) to `out`.
void add_spread(json::object& out, std::string_view name, std::vector<double> values);

/// The gaps between a request's tokens in seconds. An event of n tokens gives n gaps of an n-th
/// each: its tokens were made one after another, though they were sent together.
std::vector<double> token_gaps(const Record& record);
/// The longest time between two events of a stream, as its reader saw it; 0 below two events.
double longest_gap(const Record& record);

/// Time per token after the first, in seconds; 0 below two tokens.
double time_per_token(const Record& record);

/// The figures of a run that took `duration` seconds.
json::object summarise(const std::vector<Record>& records, double duration,
                       const Goodput& goodput = {});

}  // namespace hearth::load
