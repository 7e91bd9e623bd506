// A language model that turns a step of tokens into logits.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/adapter.h"
#include "models/cache.h"
#include "models/facts.h"
#include "nn/low_rank.h"
#include "nn/step_batch.h"

namespace hearth::models {

struct LoadOptions {
  /// On the CPU a packed model that unpacked takes no more than this is unpacked while loading, to
  /// 4 bytes a weight. Nothing said: 0 where our kernels multiply (nn::kernels_serve()), else 512
  /// MB, since MLX's plain products are several times faster there than its packed ones.
  std::optional<std::size_t> unpack_limit_bytes = {};
  /// Fixed: a token's logits are the same to the last bit whatever else is in the step.
  nn::RowPolicy rows = nn::RowPolicy::Any;
  /// Keys and values are kept in this many bits, 16, 8 or 4; 0: as they are.
  int kv_bits = 0;
};

/// The weights of one model and the graph over them. Families are files under arch/.
///
/// Thread: everything on the one thread that loaded it; MLX arrays do not cross threads.
class Model {
 public:
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const ModelFacts& facts() const { return facts_; }

  /// An empty cache for this model with page numbers in [0, pages), state numbers in [0, states)
  /// and numbers of window pages in [0, windows). States do not matter where state_bytes() is 0;
  /// with windows == 0 layers with a window use the pages of the others.
  std::unique_ptr<Cache> make_cache(std::size_t pages, std::size_t states = 0,
                                    std::size_t windows = 0) const;

  /// Memory of one page over all layers; 0 where no layer attends.
  std::size_t page_bytes() const;

  /// What layers with a window have of that; 0 where there are none.
  std::size_t window_page_bytes() const;
  /// A step reads in these layers the oldest token that it computes of a sequence and at most so
  /// many minus 1 before it; 0 where there are none.
  int window() const;

  /// Memory of one sequence's recurrent state over all layers; 0 where every layer attends. Where
  /// it is not, each segment of a step names its state, and a prefix can be continued only from a
  /// state that was copied when the sequence ended there.
  std::size_t state_bytes() const;

  /// Reads a LoRA adapter's folder (mlx-lm's layout or PEFT's); segments name it by `number`, which
  /// is free. Its additions stay beside the weights, so sequences with different adapters, and
  /// with none, share steps.
  /// @returns  NotFound, CorruptData, UnsupportedArgument (another kind of adapter, a layer that
  ///           cannot be adapted); the model is as before then. Messages name file and field.
  Result<AdapterFacts> add_adapter(int number, const std::filesystem::path& folder);
  void remove_adapter(int number);

  /// One pass over the step's tokens; their keys, values and states go to the pages and
  /// states of their segments.
  ///
  /// The result may be lazy: evaluate it together with `cache.arrays()`, once per step. Where our
  /// kernels serve, what they compute is computed on the way (kernels/host_operation.h).
  /// @param batch  from nn::make_step, ids in [0, facts().vocab_size)
  /// @param cache  from this model's make_cache
  /// @returns      [R, V] float32 logits of the wanted rows, in their order (R may be 0);
  ///               Internal where MLX refuses the graph. Throws std::bad_alloc.
  Result<nn::mx::array> forward(const nn::StepBatch& batch, Cache& cache) const;

 protected:
  /// @param layers  what each layer keeps; keys and values get the dtype that is computed in
  Model(ModelFacts facts, std::vector<nn::CacheShape> layers);

 private:
  friend Result<std::unique_ptr<Model>> load_model(const std::filesystem::path&,
                                                   const LoadOptions&);

  /// The family's graph. May throw what MLX throws.
  virtual nn::mx::array logits(const nn::StepBatch& batch, Cache& cache) const = 0;

  ModelFacts facts_;
  std::vector<nn::CacheShape> layers_;
  std::shared_ptr<nn::AdapterTargets> adapters_ = std::make_shared<nn::AdapterTargets>();
  nn::RowPolicy rows_ = nn::RowPolicy::Any;
};

/// Reads the folder's config and safetensors and builds the model; all weights are in memory, and
/// every tensor accounted for, when it returns.
///
/// @returns  NotFound (no such folder or file), UnsupportedArgument (an architecture, field or
///           quantisation that is not built: the message lists what is), CorruptData (a file that
///           contradicts itself), Io. Messages name file, tensor and field.
Result<std::unique_ptr<Model>> load_model(const std::filesystem::path& folder,
                                          const LoadOptions& options = {});

/// The same facts from config and safetensors headers alone: no weight is read, and weight_bytes is
/// their size on disk.
Result<ModelFacts> read_facts(const std::filesystem::path& folder);

/// What load_model can build, as config.json spells it, in alphabetical order.
std::vector<std::string> supported_model_types();

}  // namespace hearth::models
