// Our types as messages and back.
#pragma once

#include "base/result.h"
#include "engine/engine.h"
#include "engine/wire/worker.pb.h"

namespace hearth::engine::wire {

/// Version of worker.proto; both ends must have the same.
inline constexpr std::uint32_t kProtocol = 2;

/// Every message comes from another process: reading one never trusts it. What a message cannot say
/// (JSON that is none, an event without content) is CorruptData.

Submit write_request(std::uint64_t number, const Request& request);
Result<Request> read_request(const Submit& message);

Event write_event(const engine::Event& event);
Result<engine::Event> read_event(const Event& message);

Model write_model(const ModelInfo& info);
ModelInfo read_model(const Model& message);

Stats write_stats(const EngineStats& stats);
EngineStats read_stats(const Stats& message);

Problem write_problem(const Error& error);
Error read_problem(const Problem& message);

}  // namespace hearth::engine::wire
