// Pages of models, each judged.
#include "services/discover/search.h"

#include <iterator>
#include <utility>

namespace hearth::services {
namespace {

constexpr int kMostPages = 5;

FoundPage judged(hub::SearchPage page, const MachineView& view) {
  FoundPage found{.models = {}, .next = std::move(page.next)};
  for (hub::ModelInfo& model : page.models) {
    FoundModel one{.info = std::move(model), .fit = std::nullopt};
    if (one.info.weight_bytes) one.fit = weight_fit(*one.info.weight_bytes, view.budget_bytes);
    const bool too_large = one.fit && one.fit->verdict == WeightFit::Verdict::DoesNotFit;
    if (!view.only_fitting || !too_large) found.models.push_back(std::move(one));
  }
  return found;
}

}  // namespace

const std::vector<std::string>& search_members() {
  static const std::vector<std::string> kMembers{
      "author",       "createdAt",    "downloads", "gated",       "likes", "lastModified",
      "library_name", "pipeline_tag", "private",   "safetensors", "tags"};
  return kMembers;
}

Result<FoundPage> search(hub::HubClient& hub, const hub::SearchQuery& query,
                         const MachineView& view) {
  FoundPage found = judged(TRY(hub.search(query)), view);
  const auto wanted = static_cast<std::size_t>(query.limit);
  for (int page = 1; page < kMostPages && view.only_fitting && found.models.size() < wanted &&
                     !found.next.empty();
       ++page) {
    FoundPage more = TRY(search_page(hub, found.next, view));
    std::ranges::move(more.models, std::back_inserter(found.models));
    found.next = std::move(more.next);
  }
  return found;
}

Result<FoundPage> search_page(hub::HubClient& hub, const std::string& address,
                              const MachineView& view) {
  return judged(TRY(hub.search_page(address)), view);
}

json::object describe(const hub::ModelInfo& model) {
  return {{"id", model.id},
          {"author", model.author},
          {"gated", model.gated},
          {"private", model.is_private},
          {"downloads", model.downloads},
          {"likes", model.likes},
          {"task", model.task},
          {"library", model.library},
          {"tags", json::value_from(model.tags)},
          {"created", model.created},
          {"modified", model.modified},
          {"parameters", model.parameters ? json::value(*model.parameters) : json::value()}};
}

json::object describe(const FoundModel& model) {
  json::object out = describe(model.info);
  const auto& bytes = model.info.weight_bytes;
  out["weight_bytes"] = bytes ? json::value(*bytes) : json::value();
  out["fit"] = model.fit ? json::value(to_json(*model.fit)) : json::value();
  return out;
}

}  // namespace hearth::services
