// Weights by path: layers take what they need, and nothing may be missing or left over.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nn/checkpoint.h"
#include "nn/expert_matrix.h"
#include "nn/layers.h"
#include "nn/matrix.h"
#include "nn/norm.h"
#include "nn/quantisation.h"

namespace hearth::nn {

/// The size of a linear layer: x [T, inputs] → [T, outputs].
struct LinearShape {
  int inputs = 0;
  int outputs = 0;
  bool bias = false;
};

/// The size of a stack of matrices: W [count, rows, width].
struct StackShape {
  int count = 0;  ///< E
  int rows = 0;   ///< N
  int width = 0;  ///< K
};

/// A checkpoint as layers see it. Reading goes tensor by tensor and converts to the dtype that is
/// computed in (float32 on the CPU; packed weights stay packed, plain matrices in 16 bits where our
/// kernels multiply them, FP8 is unpacked).
///
/// Faults do not interrupt the building of a model: they are collected, and finish() tells them
/// together. Until then a faulty layer holds a placeholder that must not be run.
/// Thread: engine only.
class Weights {
 public:
  struct Options {
    /// Unpack packed matrices while loading (CPU: faster, but 4 bytes a weight).
    bool unpack = false;
    /// What formats without floating-point numbers of their own unpack to; float32 on the CPU.
    mx::Dtype dtype = on_cpu() ? mx::float32 : mx::bfloat16;
    /// Of the products with the matrices that are read.
    RowPolicy rows = RowPolicy::Any;
  };

  Weights(const Checkpoint& checkpoint, QuantisationSettings quantisation, Options options);

  /// Makes the tensor `path` known under another name. Packing is looked up under the old one.
  void rename(const std::function<std::string(std::string)>& name_map);
  /// Tensors that belong to no layer on purpose: those for which `unwanted` holds count as taken.
  void drop(const std::function<bool(std::string_view)>& unwanted);

  /// Tensors that are stored as [inputs, outputs] and become [outputs, inputs] when they are read.
  void turn(const std::function<bool(std::string_view)>& stored_turned);

  bool has(std::string_view path) const { return names_.contains(path); }
  /// As it is stored; empty where there is no such tensor.
  mx::Shape stored_shape(std::string_view path) const;

  /// Whether `path` is stored with exactly this shape: for tensors that have several layouts.
  bool has_shape(std::string_view path, const mx::Shape& shape) const;

  /// Adapters may add to it, but for the head, which sees fewer rows than the step has.
  Linear linear(const std::string& path, const LinearShape& shape);
  /// The linear layers that were taken.
  const std::shared_ptr<AdapterTargets>& adapter_targets() const { return adapters_; }
  Embedding embedding(const std::string& path, int rows, int width);
  /// @param width  D
  Norm norm(const std::string& path, int width, const NormSpec& spec);
  /// A floating-point tensor that is neither matrix nor norm, in the dtype that is computed in.
  mx::array tensor(const std::string& path, const mx::Shape& shape);
  /// A floating-point tensor that is a plain matrix or a stack of them, in the dtype in which it is
  /// multiplied: as stored, or float32 where MLX's own operations do it on the CPU.
  mx::array plain_matrix(const std::string& path, const mx::Shape& shape);

  /// The matrix `<path>.weight` [rows, width], whichever way it is stored.
  Matrix matrix(const std::string& path, int rows, int width);
  /// The same as it is multiplied: in panels where kernels serve it.
  Matrix prepared_matrix(const std::string& path, int rows, int width);
  /// The stack `<path>.weight`, plain or packed.
  ExpertMatrix stack(const std::string& path, const StackShape& shape);
  /// The same as it is multiplied: in panels where kernels serve it.
  ExpertMatrix prepared_stack(const std::string& path, const StackShape& shape);
  /// The matrices `<path>.weight`, one for each expert, read straight into panels; nullopt where
  /// kernels do not serve them, they are not packed alike, or arrays tell what is wrong with one.
  std::optional<ExpertMatrix> prepared_stack(const std::vector<std::string>& paths,
                                             const StackShape& shape);
  /// A stack as it is kept: unpacked where that was asked for.
  ExpertMatrix ready_stack(PackedMatrix packed);
  /// The tensor `path` of bytes.
  mx::array byte_tensor(const std::string& path, const mx::Shape& shape);

  const QuantisationSettings& quantisation() const { return quantisation_; }
  RowPolicy row_policy() const { return options_.rows; }
  /// Records a fault that finish() tells; `path` where a tensor is at fault, for its file and name.
  void problem(std::string text);
  void problem_of(const std::string& path, std::string_view text);

  /// Bytes in memory of all that was taken.
  std::size_t bytes() const { return bytes_; }

  /// Nothing missing, nothing of a wrong shape, nothing left over; else CorruptData (or the first
  /// error of a read) that names the tensors.
  Result<void> finish();

 private:
  /// The dtype of a tensor in memory: that of what is computed, or that of the file where it is
  /// multiplied in it.
  enum class Kept { Computed, Stored };
  std::optional<mx::array> take(const std::string& path, const mx::Shape& shape,
                                Kept kept = Kept::Computed);
  std::optional<mx::array> take_floats(const std::string& path, const mx::Shape& shape, Kept kept);
  std::optional<mx::array> read(const std::string& path, Kept kept);
  mx::array unpacked(const PackedMatrix& packed);
  mx::array fp8_matrix(const std::string& path, int rows, int width);
  mx::array fp8_scales(const std::string& path, int rows, int width);
  std::optional<PackedMatrix> packed_matrix(const std::string& path, const mx::Shape& shape);
  std::optional<Packing> packing_of(const std::string& path, const mx::Shape& shape);
  struct StoredMatrix;
  bool wants_panels(const std::string& path) const;
  std::optional<StoredMatrix> stored_matrix(const std::string& path, const mx::Shape& shape,
                                            const Packing& packing) const;
  Panels read_panels(const StoredMatrix& stored, int first, int rows);
  ExpertMatrix panel_stack(std::vector<Panels> panels) const;
  std::optional<Packing> told_packing(const std::string& path, const Packing& found);
  bool expect_shape(const std::string& path, const mx::Shape& shape);
  std::string place(const std::string& path) const;
  const Checkpoint::Tensor& entry(const std::string& path) const;

  const Checkpoint& checkpoint_;
  QuantisationSettings quantisation_;
  Options options_;
  std::map<std::string, std::string, std::less<>> names_;  // path → name in the checkpoint
  std::set<std::string, std::less<>> taken_;               // paths
  std::set<std::string, std::less<>> turned_;              // paths
  std::vector<std::string> problems_;
  std::optional<Error> read_error_;
  std::size_t bytes_ = 0;
  std::shared_ptr<AdapterTargets> adapters_ = std::make_shared<AdapterTargets>();
};

/// Stands for what could not be read, until finish() reports it.
mx::array placeholder(const mx::Shape& shape);
mx::Shape shape_of(const TensorEntry& entry);
/// "[2, 3]"
std::string shape_text(const mx::Shape& shape);

/// A place in the tree of weights: `scope("layers.0").linear("q_proj", ...)`.
class Scope {
 public:
  Scope(Weights& weights, std::string path) : weights_(&weights), path_(std::move(path)) {}

  Scope scope(std::string_view name) const { return {*weights_, join(name)}; }
  Linear linear(std::string_view name, const LinearShape& shape) const {
    return weights_->linear(join(name), shape);
  }
  Embedding embedding(std::string_view name, int rows, int width) const {
    return weights_->embedding(join(name), rows, width);
  }
  Norm norm(std::string_view name, int width, const NormSpec& spec) const {
    return weights_->norm(join(name), width, spec);
  }
  mx::array tensor(std::string_view name, const mx::Shape& shape) const {
    return weights_->tensor(join(name), shape);
  }
  mx::array plain_matrix(std::string_view name, const mx::Shape& shape) const {
    return weights_->plain_matrix(join(name), shape);
  }
  bool has(std::string_view name) const { return weights_->has(join(name)); }
  bool has_shape(std::string_view name, const mx::Shape& shape) const {
    return weights_->has_shape(join(name), shape);
  }
  Weights& weights() const { return *weights_; }
  /// The full path of `name` at this place.
  std::string join(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

 private:
  Weights* weights_;
  std::string path_;
};

}  // namespace hearth::nn
