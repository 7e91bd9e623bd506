// The files of the converted model, planned before a byte of them is written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "convert/packing_plan.h"
#include "convert/rows.h"
#include "convert/source_tensors.h"

namespace hearth::convert {

/// One tensor of a file.
struct OutTensor {
  std::string name;
  std::string dtype;  ///< as safetensors spells it
  mx::Shape shape;
  std::uint64_t bytes = 0;
};

/// One file: its weights, whose tensors follow each other in this order.
struct Shard {
  std::string file;
  std::vector<std::size_t> weights;  ///< indices
  std::vector<OutTensor> tensors;
  std::uint64_t bytes = 0;  ///< of the tensors

  /// What stands in front of the tensors: the header's length and its text.
  std::string header() const;
  std::uint64_t file_bytes() const { return bytes + header().size(); }
};

/// The dtype in which a weight's numbers end up, packed or not.
mx::Dtype kept_dtype(const Weight& weight, const Treatment& treatment, const SourceTensors& source);

/// The one tensor of a plain weight, or codes, scales and, in affine mode, biases.
std::vector<OutTensor> tensors_of(const Weight& weight, const Treatment& treatment,
                                  const SourceTensors& source);

/// Weights in their order, in files of up to `limit` bytes; a larger weight has a file of its own.
/// One file is `model.safetensors`, more are `model-00001-of-0000N.safetensors`.
std::vector<Shard> plan_shards(const std::vector<Weight>& weights, const PackingPlan& packing,
                               const SourceTensors& source, std::uint64_t limit);

/// model.safetensors.index.json: sizes, and which tensor lies where.
std::string index_text(const std::vector<Shard>& shards, std::int64_t parameters);

}  // namespace hearth::convert
