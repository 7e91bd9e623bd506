// A config from the Hub, read for its shapes.
#include "services/library/remote_need.h"

#include "base/json.h"

namespace hearth::services {

Result<MemoryNeed> remote_need(hub::HubClient& hub, const std::string& repository,
                               const std::string& revision, std::uint64_t weight_bytes) {
  const auto text = TRY(hub.text(repository, revision, "config.json"));
  const auto config = TRY_IN("config.json", base::parse_json(text));
  if (!config.is_object())
    return fail(ErrorCode::CorruptData, "config.json of {} holds no object", repository);
  MemoryNeed need = memory_need(config.get_object());
  need.weight_bytes = weight_bytes;
  return need;
}

bool holds_weights(std::string_view path) {
  return path.ends_with(".safetensors");
}

}  // namespace hearth::services
