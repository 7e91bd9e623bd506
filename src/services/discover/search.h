// Searching the Hub with this machine in mind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "hub/hub_client.h"
#include "services/discover/weight_fit.h"

namespace hearth::services {

struct FoundModel {
  hub::ModelInfo info;
  std::optional<WeightFit> fit;  ///< none where the Hub does not tell the weights
};

struct FoundPage {
  std::vector<FoundModel> models;
  std::string next;  ///< address of the next page, empty on the last
};

/// What is left out, and what is judged.
struct MachineView {
  std::uint64_t budget_bytes = 0;
  bool only_fitting = false;  ///< leaves out what does not fit; what nobody can judge stays
};

/// What a search must ask for so that its models can be judged and shown.
const std::vector<std::string>& search_members();

/// Searches. Where models are left out further pages are asked for, at most five in all, until
/// there are `query.limit`; the last may bring more than that, so that `next` skips none.
Result<FoundPage> search(hub::HubClient& hub, const hub::SearchQuery& query,
                         const MachineView& view);
/// One page that another search named.
Result<FoundPage> search_page(hub::HubClient& hub, const std::string& address,
                              const MachineView& view);

/// As the API and `--json` tell it.
json::object describe(const hub::ModelInfo& model);
json::object describe(const FoundModel& model);

}  // namespace hearth::services
