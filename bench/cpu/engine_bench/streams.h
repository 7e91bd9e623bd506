// Sequences that a model computes step by step, without scheduler, sampler settings and server.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "models/model.h"

namespace hearth::engine_bench {

/// What a server's engine thread does with a model and nothing else: lays a step out, computes it
/// in one evaluation together with the cache, reads the logits and takes the likeliest token.
///
/// Thread: the one that loaded the model.
class Streams {
 public:
  /// @param tokens  what each of the `count` sequences can hold
  Streams(const models::Model& model, int count, int tokens);

  /// Reads a prompt into sequence `at`, `chunk` tokens per step; only the last row's logits are
  /// computed. @returns the token that follows; InvalidArgument where there is no token to read.
  Result<std::int32_t> read(int at, std::span<const std::int32_t> ids, int chunk);

  /// Feeds the next ids of sequence `at` in one step and takes the logits of all their rows.
  /// @returns [ids, V] float32; valid until the next step.
  Result<std::span<const float>> read_rows(int at, std::span<const std::int32_t> ids);

  /// One step: sequence i gets `tokens[i]`, which becomes the token that follows. There may be
  /// fewer tokens than sequences: the first ones move then.
  Result<void> step(std::span<std::int32_t> tokens);

  /// Forgets what sequence `at` holds behind its first `tokens` tokens. A recurrent state is not
  /// turned back: such a model goes on as fast, but with other words.
  void rewind(int at, int tokens);

 private:
  nn::Segment segment(int at, int first_row, int rows) const;
  Result<void> run(std::span<const std::int32_t> ids, const std::vector<nn::Segment>& segments,
                   std::vector<std::int32_t> wanted);
  std::int32_t likeliest(std::size_t row) const;

  const models::Model& model_;
  int pages_each_;
  std::size_t vocabulary_;
  std::vector<int> cached_;
  std::unique_ptr<models::Cache> cache_;
  nn::mx::array logits_;  // [wanted, V] of the latest step
};

}  // namespace hearth::engine_bench
