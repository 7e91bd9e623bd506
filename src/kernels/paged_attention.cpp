// An MLX primitive around attention over pages.
#include "kernels/paged_attention.h"

#include <mlx/ops.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/attention.h"
#include "kernels/host_operation.h"
#include "kernels/kv_rows.h"
#include "kernels/plane.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// Which of the inputs there are, in this order.
struct Given {
  bool keys = false;
  bool values = false;
  bool turn = false;
  bool query_norm = false;
  bool key_norm = false;
  bool sinks = false;
  bool value_pool = false;
};

/// All that a layer's operation knows beside its arrays.
struct Settings {
  PagedRules rules;
  Given given;
  HeadPlacing queries;  // without pointers
  HeadPlacing keys;     // likewise
  std::shared_ptr<const PagedStep> step;
  int heads = 0;
  int width = 0;  ///< Dh
};

/// An input whose numbers do not lie as the kernel reads them, and what is to read its copy.
struct Scattered {
  const float* data;
  mx::Shape shape;
  mx::Strides strides;
  void (*put)(AttentionJob& job, const float* copy);
};

/// Everything a task needs, by value: the arrays' memory outlives the task, they may not.
struct Task {
  AttentionJob job;
  std::vector<Scattered> scattered;
  std::shared_ptr<const PagedStep> step;

  void operator()() const;
};

void Task::operator()() const {
  AttentionJob readable = job;
  std::vector<std::vector<float>> copies;
  for (const Scattered& input : scattered) {
    copies.push_back(gathered(input.data, input.shape, input.strides));
    input.put(readable, copies.back().data());
  }
  attend(readable, cpu_path().value(), ThreadPool::of_process());
}

/// Hands out the inputs in the order in which they were given.
class Inputs {
 public:
  explicit Inputs(const std::vector<mx::array>& all) : all_(all) {}

  const mx::array& next() { return all_[next_++]; }

  /// Heads, whose numbers must lie side by side.
  HeadsView heads(void (*put)(AttentionJob& job, const float* copy)) {
    const mx::array& x = next();
    if (x.strides(2) != 1 && x.shape(2) != 1) add(x, put);
    return {x.data<float>(), x.strides(0), x.strides(1)};
  }

  /// Numbers that must lie as their shape says.
  const float* numbers(void (*put)(AttentionJob& job, const float* copy)) {
    const mx::array& x = next();
    if (!x.flags().row_contiguous) add(x, put);
    return x.data<float>();
  }

  std::vector<Scattered> scattered() && { return std::move(scattered_); }

 private:
  void add(const mx::array& x, void (*put)(AttentionJob& job, const float* copy)) {
    scattered_.push_back({x.data<float>(), x.shape(), x.strides(), put});
  }

  const std::vector<mx::array>& all_;
  std::vector<Scattered> scattered_;
  std::size_t next_ = 0;
};

/// A copy of heads: [T][heads][width].
HeadsView view_of(const float* copy, std::int64_t heads, std::int64_t width) {
  return {copy, heads * width, width};
}

class PagedAttention : public HostOperation {
 public:
  explicit PagedAttention(Settings settings) : settings_(std::move(settings)) {}

  const char* name() const override { return "PagedAttention"; }

  // Two of them are never the same: each writes.
  bool is_equivalent(const Primitive& other) const override { return this == &other; }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    give_memory(outputs[0]);
    Inputs in(inputs);
    const AttentionJob job = job_of(in, outputs);
    return Task{job, std::move(in).scattered(), settings_.step};
  }

  AttentionJob job_of(Inputs& in, std::vector<mx::array>& outputs) const;
  void read_heads(Inputs& in, AttentionJob& job) const;

  Settings settings_;
};

void PagedAttention::read_heads(Inputs& in, AttentionJob& job) const {
  const Given& given = settings_.given;
  job.queries = in.heads([](AttentionJob& to, const float* copy) {
    to.queries = view_of(copy, to.heads, to.keys.row.width);
  });
  if (given.keys)
    job.new_keys = in.heads([](AttentionJob& to, const float* copy) {
      to.new_keys = view_of(copy, to.kv_heads, to.keys.row.width);
    });
  if (given.values)
    job.new_values = in.heads([](AttentionJob& to, const float* copy) {
      to.new_values = view_of(copy, to.kv_heads, to.values.row.width);
    });
  if (!given.turn) return;
  job.place_queries.turn.cosines = in.numbers([](AttentionJob& to, const float* copy) {
    to.place_queries.turn.cosines = to.place_keys.turn.cosines = copy;
  });
  job.place_queries.turn.sines = in.numbers([](AttentionJob& to, const float* copy) {
    to.place_queries.turn.sines = to.place_keys.turn.sines = copy;
  });
  job.place_keys.turn = job.place_queries.turn;
}

AttentionJob PagedAttention::job_of(Inputs& in, std::vector<mx::array>& outputs) const {
  const auto& [rules, given, queries, keys, step, heads, width] = settings_;
  AttentionJob job{.step = *step,
                   .heads = heads,
                   .kv_heads = rules.kv_heads,
                   .queries = {},
                   .place_queries = queries,
                   .new_keys = {},
                   .place_keys = keys,
                   .new_values = {},
                   .keys = {nullptr, key_row(rules.type, width, rules.values_in_keys)},
                   .values = {nullptr, kv_row(rules.type, rules.value_dim)},
                   .rules = {.softcap = rules.softcap, .window = rules.window},
                   .mixed = outputs[0].data<float>()};
  read_heads(in, job);
  if (given.query_norm)
    job.place_queries.norm.weights = in.numbers(
        [](AttentionJob& to, const float* copy) { to.place_queries.norm.weights = copy; });
  if (given.key_norm)
    job.place_keys.norm.weights =
        in.numbers([](AttentionJob& to, const float* copy) { to.place_keys.norm.weights = copy; });
  if (given.sinks)
    job.rules.sinks =
        in.numbers([](AttentionJob& to, const float* copy) { to.rules.sinks = copy; });
  outputs[1].copy_shared_buffer(in.next());
  job.keys.rows = outputs[1].data<std::uint8_t>();
  if (!given.value_pool) return job;
  outputs[2].copy_shared_buffer(in.next());
  job.values.rows = outputs[2].data<std::uint8_t>();
  return job;
}

HeadPlacing placing(const HeadRules& heads, const std::optional<HeadNormArray>& norm) {
  HeadPlacing placing{.norm = {}, .norm_after_turn = heads.norm_after_turn};
  placing.norm.on = norm.has_value();
  if (norm) placing.norm.epsilon = norm->epsilon;
  if (norm && norm->weights && norm->weights->ndim() == 2)
    placing.norm.stride = norm->weights->shape(1);
  placing.turn.interleaved = heads.interleaved;
  if (heads.cosines) placing.turn.dims = heads.cosines->shape(2);
  return placing;
}

/// The settings, and the arrays in the order in which the primitive takes them.
struct Built {
  Settings settings;
  std::vector<mx::array> inputs;

  bool add(const std::optional<mx::array>& array) {
    if (array) inputs.push_back(mx::astype(*array, mx::float32));
    return array.has_value();
  }
  bool add(const std::optional<HeadNormArray>& norm) { return norm && add(norm->weights); }
};

Built build(const PagedArrays& arrays, const HeadRules& heads) {
  Built built;
  Given& given = built.settings.given;
  built.add(arrays.queries);
  given.keys = built.add(arrays.keys);
  given.values = built.add(arrays.values);
  given.turn = built.add(heads.cosines) && built.add(heads.sines);
  given.query_norm = built.add(heads.query_norm);
  given.key_norm = built.add(heads.key_norm);
  given.sinks = built.add(arrays.sinks);
  given.value_pool = arrays.value_pool.has_value();
  built.settings.queries = placing(heads, heads.query_norm);
  built.settings.keys = placing(heads, heads.key_norm);
  return built;
}

bool pool_fits(const mx::array& pool, const KvRow& row) {
  const auto row_bytes = static_cast<int>(pool.itemsize()) * pool.shape(1);
  return pool.ndim() == 2 && row_bytes == row.bytes;
}

/// Wrong shapes are our own mistakes: MLX's way of telling is an exception.
void check(const PagedArrays& arrays, const PagedRules& rules) {
  const mx::array& q = arrays.queries;
  bool fits = q.ndim() == 3 && rules.kv_heads > 0 && q.shape(1) % rules.kv_heads == 0 &&
              pool_fits(arrays.key_pool, kv_row(rules.type, q.shape(2)));
  if (arrays.keys)
    fits = fits && arrays.keys->shape() == mx::Shape{q.shape(0), rules.kv_heads, q.shape(2)} &&
           arrays.values.has_value() != rules.values_in_keys;
  if (arrays.values)
    fits = fits && arrays.values->shape() == mx::Shape{q.shape(0), rules.kv_heads, rules.value_dim};
  if (arrays.value_pool)
    fits = fits && pool_fits(*arrays.value_pool, kv_row(rules.type, rules.value_dim));
  if (arrays.sinks) fits = fits && arrays.sinks->shape() == mx::Shape{q.shape(1)};
  if (!fits || arrays.value_pool.has_value() == rules.values_in_keys)
    throw std::invalid_argument("[paged_attention] heads and pools do not fit");
}

}  // namespace

PagedAnswer paged_attention(PagedArrays arrays, const HeadRules& heads, const PagedRules& rules,
                            std::shared_ptr<const PagedStep> step) {
  check(arrays, rules);
  Built built = build(arrays, heads);
  built.settings.rules = rules;
  built.settings.step = std::move(step);
  built.settings.queries.factor = rules.scale;
  built.settings.heads = arrays.queries.shape(1);
  built.settings.width = arrays.queries.shape(2);
  const mx::Shape mixed{arrays.queries.shape(0), arrays.queries.shape(1), rules.value_dim};
  const mx::Dtype dtype = arrays.queries.dtype();
  std::vector<mx::Shape> shapes{mixed, arrays.key_pool.shape()};
  std::vector<mx::Dtype> dtypes{mx::float32, arrays.key_pool.dtype()};
  built.inputs.push_back(std::move(arrays.key_pool));
  if (arrays.value_pool) {
    shapes.push_back(arrays.value_pool->shape());
    dtypes.push_back(arrays.value_pool->dtype());
    built.inputs.push_back(*std::move(arrays.value_pool));
  }
  const auto outputs =
      HostOperation::apply(std::make_shared<PagedAttention>(std::move(built.settings)), shapes,
                           dtypes, std::move(built.inputs));
  PagedAnswer answer{mx::astype(outputs[0], dtype), outputs[1], {}};
  if (outputs.size() > 2) answer.value_pool = outputs[2];
  return answer;
}

}  // namespace hearth::kernels
