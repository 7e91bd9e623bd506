// An agent with tools and two sub-agents.
#include "load/workloads.h"

namespace hearth::load {
namespace {

struct Trace {
  Session session;
  Prompts prompts;
  const AgentTrace& shape;
  Prompt system;
  std::vector<Record> records;
  std::size_t next = 0;

  void append_result(Prompt& said) {
    const Prompt result = prompts.draw(shape.result);
    said.insert(said.end(), result.begin(), result.end());
  }
};

/// One turn; what the model said is put where the next turn will send it back.
Task<void> turn(Trace& trace, Prompt& said) {
  trace.append_result(said);
  Record& record = trace.records[trace.next++];
  co_await trace.session.ask({.prompt = said, .output = trace.shape.output}, record);
  const Prompt answer = ids_of(record.text);
  said.insert(said.end(), answer.begin(), answer.end());
}

Task<void> sub_agent(Trace& trace) {
  Prompt said = trace.system;
  for (std::uint32_t i = 0; i < trace.shape.sub_turns; ++i) co_await turn(trace, said);
}

Task<void> agent(Trace& trace) {
  Prompt said = trace.system;
  for (std::uint32_t i = 0; i < trace.shape.turns; ++i) {
    if (i == trace.shape.turns / 3 || i == trace.shape.turns * 2 / 3)
      trace.session.spawn(sub_agent(trace));
    co_await turn(trace, said);
  }
}

}  // namespace

json::object run_agent_trace(const Target& target, const PromptSource& source,
                             const AgentTrace& shape) {
  Trace trace{.session = Session(target),
              .prompts = Prompts(source.seed, source.first_id, source.last_id),
              .shape = shape,
              .system = {},
              .records = std::vector<Record>(shape.turns + std::size_t{2} * shape.sub_turns)};
  trace.system = trace.prompts.draw(shape.system);
  const double began = trace.session.watch().now();
  trace.session.run([&trace] { return agent(trace); });
  json::object out = summarise(trace.records, trace.session.watch().now() - began);
  double waited = 0;
  for (const Record& record : trace.records) waited += record.time_to_first_token();
  out["sum_ttft_ms"] = waited * 1e3;
  out["cached_share"] = out.at("total_cached_tokens").to_number<double>() /
                        std::max(1.0, out.at("total_input_tokens").to_number<double>());
  return out;
}

}  // namespace hearth::load
