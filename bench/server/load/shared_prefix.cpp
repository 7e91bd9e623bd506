// A shared beginning: what a second prompt with it costs.
#include "load/workloads.h"

namespace hearth::load {
namespace {

struct Prefixes {
  Session session;
  Prompts prompts;
  const SharedPrefix& shape;
  std::vector<Record> cold, hit, together;
};

Wanted one(Prefixes& run, const Prompt& shared) {
  Wanted wanted{.prompt = shared, .output = run.shape.output};
  const Prompt suffix = run.prompts.draw(run.shape.suffix);
  wanted.prompt.insert(wanted.prompt.end(), suffix.begin(), suffix.end());
  return wanted;
}

Task<void> one_by_one(Prefixes& run) {
  for (std::uint32_t round = 0; round < run.shape.rounds; ++round) {
    const Prompt shared = run.prompts.draw(run.shape.shared);
    co_await run.session.ask(one(run, shared), run.cold[round]);
    for (std::uint32_t i = 0; i < run.shape.hits; ++i)
      co_await run.session.ask(one(run, shared), run.hit[round * run.shape.hits + i]);
    if (round + 1 < run.shape.rounds) continue;
    for (Record& record : run.together) run.session.start(one(run, shared), record);
  }
}

json::object figures(const std::vector<Record>& records) {
  double ended = 0;
  double sent = records.empty() ? 0 : records.front().sent;
  for (const Record& record : records) {
    ended = std::max(ended, record.ended);
    sent = std::min(sent, record.sent);
  }
  return summarise(records, std::max(ended - sent, 1e-9));
}

}  // namespace

json::object run_shared_prefix(const Target& target, const PromptSource& source,
                               const SharedPrefix& shape) {
  Prefixes run{.session = Session(target),
               .prompts = Prompts(source.seed, source.first_id, source.last_id),
               .shape = shape,
               .cold = std::vector<Record>(shape.rounds),
               .hit = std::vector<Record>(std::size_t{shape.rounds} * shape.hits),
               .together = std::vector<Record>(shape.together)};
  run.session.run([&run] { return one_by_one(run); });
  return {
      {"cold", figures(run.cold)}, {"hit", figures(run.hit)}, {"together", figures(run.together)}};
}

}  // namespace hearth::load
