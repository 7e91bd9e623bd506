// Loading the models that are served from the start.
#include "app/preload.h"

#include <atomic>
#include <memory>

#include "base/log.h"

namespace hearth::app {

void preload(services::Pool& pool, const std::vector<services::ModelEntry>& models,
             const std::function<void()>& settled) {
  if (models.empty()) return settled();
  auto left = std::make_shared<std::atomic<std::size_t>>(models.size());
  for (const services::ModelEntry& model : models)
    pool.acquire(model, [left, settled, id = model.id](const Result<services::Lease>& ready) {
      if (!ready) log_warn("app", "{} is not served yet: {}", id, ready.error().message);
      if (left->fetch_sub(1) == 1) settled();
    });
}

}  // namespace hearth::app
