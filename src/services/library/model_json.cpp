// Facts of a model under the names that clients see.
#include "services/library/model_json.h"

namespace hearth::services {
namespace {

std::string_view place_name(ModelPlace place) {
  switch (place) {
    case ModelPlace::HubCache:
      return "hub";
    case ModelPlace::Folder:
      return "folder";
    case ModelPlace::Installed:
      return "installed";
    case ModelPlace::Ollama:
      return "ollama";
    case ModelPlace::Named:
      break;
  }
  return "named";
}

}  // namespace

MemoryNeed need_of(const ModelEntry& model) {
  return {.weight_bytes = model.weight_bytes,
          .kv_bytes_per_token = model.kv_bytes_per_token,
          .kv_window_bytes = model.kv_window_bytes,
          .workspace_bytes = model.workspace_bytes,
          .context_length = model.context_length};
}

json::object describe_fit(const Fit& fit) {
  return {{"verdict", name(fit.verdict)}, {"text", describe(fit)},
          {"need_bytes", fit.need_bytes}, {"budget_bytes", fit.budget_bytes},
          {"context", fit.context},       {"context_8_bit", fit.packed_context}};
}

json::object describe(const ModelEntry& model, std::uint64_t budget_bytes) {
  json::array abilities;
  if (model.tools) abilities.emplace_back("tools");
  if (model.thinking) abilities.emplace_back("thinking");
  if (model.vision) abilities.emplace_back("vision");
  constexpr std::uint64_t kTokens = 1000;
  return {{"id", model.id},
          {"aliases", json::value_from(model.aliases)},
          {"folder", model.folder.string()},
          {"place", place_name(model.place)},
          {"kind", model.kind},
          {"architecture", model.architecture},
          {"quantization", model.quantisation},
          {"parameters", model.parameters},
          {"context_length", model.context_length},
          {"capabilities", std::move(abilities)},
          {"license", model.licence},
          {"bytes", model.bytes},
          {"modified", model.modified},
          {"memory", json::object{{"weight_bytes", model.weight_bytes},
                                  {"kv_bytes_per_1k_tokens", model.kv_bytes_per_token * kTokens},
                                  {"window_bytes", model.kv_window_bytes},
                                  {"workspace_bytes", model.workspace_bytes}}},
          {"fit", describe_fit(fit(need_of(model), budget_bytes))},
          {"unsupported", model.unsupported},
          {"fault", model.fault}};
}

}  // namespace hearth::services
