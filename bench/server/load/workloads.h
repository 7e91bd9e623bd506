// The workloads: each runs against the target and returns its figures.
#pragma once

#include "base/json.h"
#include "load/session.h"

namespace hearth::load {

/// Where prompts come from.
struct PromptSource {
  std::uint64_t seed = 1;
  std::uint32_t first_id = 256;
  std::uint32_t last_id = 2048;  ///< exclusive
};

/// `concurrency` clients, each asking again as soon as it is answered. No request begins after
/// `seconds`, but each client asks once at least.
struct ClosedLoop {
  std::uint32_t concurrency = 1;
  std::uint32_t requests = 8;
  double seconds = 1e9;
  std::uint32_t input = 128;
  std::uint32_t output = 128;
  bool stream = true;
};
json::object run_closed_loop(const Target& target, const PromptSource& source,
                             const ClosedLoop& shape);

/// Requests that come when they come: a Poisson process of `rate` per second.
struct OpenLoop {
  double rate = 1;
  std::uint32_t requests = 32;
  std::uint32_t input = 128;
  std::uint32_t output = 64;
  Goodput goodput;
};
json::object run_open_loop(const Target& target, const PromptSource& source, const OpenLoop& shape);

/// A long beginning that requests share: first cold, then `hits` one by one, then `together` at
/// once. The whole is done `rounds` times with another beginning each.
struct SharedPrefix {
  std::uint32_t shared = 2048;
  std::uint32_t suffix = 16;
  std::uint32_t output = 8;
  std::uint32_t hits = 5;
  std::uint32_t together = 8;
  std::uint32_t rounds = 2;
};
json::object run_shared_prefix(const Target& target, const PromptSource& source,
                               const SharedPrefix& shape);

/// One agent: each turn sends all that was said, the model's own words among it, and a new tool
/// result. At a third and two thirds of its turns a sub-agent starts from the system prompt and
/// takes three turns beside it.
struct AgentTrace {
  std::uint32_t system = 1024;
  std::uint32_t result = 128;
  std::uint32_t output = 32;
  std::uint32_t turns = 20;
  std::uint32_t sub_turns = 3;
};
json::object run_agent_trace(const Target& target, const PromptSource& source,
                             const AgentTrace& shape);

/// `streams` decode; then a long prompt arrives. How long do they stand still?
struct Admission {
  std::uint32_t streams = 3;
  std::uint32_t newcomer = 2048;
  std::uint32_t input = 32;
  std::uint32_t output = 4096;  ///< of the streams: more than they get to make
};
json::object run_admission(const Target& target, const PromptSource& source,
                           const Admission& shape);

}  // namespace hearth::load
