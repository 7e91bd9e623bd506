// Closed loop: a fixed number of clients.
#include "load/workloads.h"

namespace hearth::load {
namespace {

struct Loop {
  Session session;
  Prompts prompts;
  const ClosedLoop& shape;
  std::vector<Record> records;
  std::size_t next = 0;
};

Task<void> client(Loop& loop) {
  bool first = true;
  while (loop.next < loop.records.size() &&
         (first || loop.session.watch().now() < loop.shape.seconds)) {
    first = false;
    Record& record = loop.records[loop.next++];
    co_await loop.session.ask({.prompt = loop.prompts.draw(loop.shape.input),
                               .output = loop.shape.output,
                               .stream = loop.shape.stream},
                              record);
  }
}

Task<void> all_clients(Loop& loop) {
  for (std::uint32_t i = 1; i < loop.shape.concurrency; ++i) loop.session.spawn(client(loop));
  co_await client(loop);
}

}  // namespace

json::object run_closed_loop(const Target& target, const PromptSource& source,
                             const ClosedLoop& shape) {
  Loop loop{.session = Session(target),
            .prompts = Prompts(source.seed, source.first_id, source.last_id),
            .shape = shape,
            .records = std::vector<Record>(shape.requests)};
  const double began = loop.session.watch().now();
  loop.session.run([&loop] { return all_clients(loop); });
  loop.records.resize(loop.next);
  json::object out = summarise(loop.records, loop.session.watch().now() - began);
  out["max_concurrency"] = shape.concurrency;
  return out;
}

}  // namespace hearth::load
