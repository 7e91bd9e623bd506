// Steps on the device: plans become batches of the model.
#pragma once

#include <cstdint>
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
  Result<void> save_states(std::span<const StateCopy> copies) override;
  Result<std::vector<CacheTensor>> read_cache(std::span<const PageId> pages,
                                              StateId state) override;
  Result<void> write_cache(std::span<const PageId> pages, StateId state,
                           const std::vector<CacheTensor>& content) override;
  Memory memory() const override;
  std::vector<KernelCalls> kernel_calls() const override;

 private:
  void copy(const StepPlan& plan);
  void copy_states(std::span<const StateCopy> copies);

  std::unique_ptr<models::Model> model_;
  models::CacheLimits limits_;
  std::unique_ptr<models::Cache> cache_;
  std::uint64_t peak_bytes_ = 0;  // of all steps but the latest
};

}  // namespace hearth::engine
