// Steps on the device: plans become batches of the model.
#pragma once

#include <memory>

#include "engine/step_runner.h"
#include "models/model.h"

namespace hearth::engine {

/// Engine thread only, from construction to destruction.
class ModelRunner final : public StepRunner {
 public:
  ModelRunner(std::unique_ptr<models::Model> model, models::CacheLimits limits);
  ~ModelRunner() override;

  Result<void> run(const StepPlan& plan, const TakeRow& take) override;
  void forget() override;
  void rest() override;
  Memory memory() const override;

 private:
  void copy(const StepPlan& plan);

  std::unique_ptr<models::Model> model_;
  models::CacheLimits limits_;
  std::unique_ptr<models::Cache> cache_;
};

}  // namespace hearth::engine
