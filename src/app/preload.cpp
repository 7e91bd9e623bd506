// Loading the models that are served from the start.
#include "app/preload.h"

#include <atomic>
#include <memory>

namespace hearth::app {

void preload(services::Pool& pool, const std::vector<services::ModelEntry>& models,
             std::function<void()> settled) {
  if (models.empty()) return settled();
  auto left = std::make_shared<std::atomic<std::size_t>>(models.size());
  for (const services::ModelEntry& model : models)
    pool.acquire(model, [left, settled](const Result<services::Lease>&) {
      if (left->fetch_sub(1) == 1) settled();
    });
}

}  // namespace hearth::app
