// A model as JSON, for the management API and for `--json`.
#pragma once

#include "base/json.h"
#include "services/library/memory_need.h"
#include "services/library/model_entry.h"

namespace hearth::services {

/// What the model needs, as the library read it.
MemoryNeed need_of(const ModelEntry& model);

/// All that is known of the model, and whether it fits into the memory.
json::object describe(const ModelEntry& model, std::uint64_t budget_bytes);

json::object describe_fit(const Fit& fit);

}  // namespace hearth::services
