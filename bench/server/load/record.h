// What one request saw: when its tokens came, and what the server said they cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::load {

/// Text that arrived in one event of a stream.
struct Arrival {
  double at = 0;             ///< seconds since the run began
  std::uint32_t tokens = 1;  ///< that its text stands for
};

/// One request from its last byte sent to its answer's last byte. Times in seconds since the run
/// began.
struct Record {
  double sent = 0;
  double ended = 0;
  std::vector<Arrival> arrivals;  ///< of a stream; empty for a whole answer
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t completion_tokens = 0;
  std::string text;   ///< all of it, in order
  std::string error;  ///< empty if all went well

  bool went_well() const { return error.empty(); }
  /// To the first event with text; a whole answer has all its text at its end.
  double time_to_first_token() const {
    return (arrivals.empty() ? ended : arrivals.front().at) - sent;
  }
};

}  // namespace hearth::load
