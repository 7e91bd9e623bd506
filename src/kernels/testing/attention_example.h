// For tests: a random step of several sequences over shuffled pages, and the textbook's answer.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "kernels/attention.h"
#include "kernels/kv_rows.h"

namespace hearth::kernels::testing {

/// One sequence of a step.
struct Length {
  int cached;
  int rows;
};

struct AttentionLayout {
  int heads = 4;
  int kv_heads = 2;
  int width = 64;  ///< Dh
  int value_dim = 64;
  KvType type = KvType::F32;
  bool values_in_keys = false;
  bool keys_as_rows = false;  ///< though they could be turned
  int window = 0;
  float softcap = 0.0F;
  bool sinks = false;
  bool norms = false;
  bool norm_after_turn = false;
  int turned = 0;  ///< channels
  bool interleaved = false;
  float size = 1.0F;  ///< of queries
};

inline std::vector<float> draw(std::mt19937& random, std::size_t count, float size) {
  std::normal_distribution<float> number(0.0F, size);
  std::vector<float> numbers(count);
  for (float& x : numbers) x = number(random);
  return numbers;
}

inline std::size_t product(int a, int b, int c = 1) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c);
}

/// Keys and values of all tokens of a sequence as they come out of the projections, and queries of
/// the tokens that are new.
struct ExampleSequence {
  Length length;
  std::vector<std::int32_t> pages;
  std::vector<float> keys;     ///< [tokens][K][Dh]
  std::vector<float> values;   ///< [tokens][K][Dv]
  std::vector<float> queries;  ///< [tokens][H][Dh]

  int tokens() const { return length.cached + length.rows; }
};

class AttentionExample {
 public:
  AttentionExample(const AttentionLayout& layout, const std::vector<Length>& lengths, unsigned seed)
      : layout_(layout), random_(seed) {
    int pages = 3;  // more than are used
    for (const Length& length : lengths) pages += (length.cached + length.rows - 1) / kPageRows + 1;
    std::vector<std::int32_t> numbers(static_cast<std::size_t>(pages));
    std::iota(numbers.begin(), numbers.end(), 0);
    std::ranges::shuffle(numbers, random_);
    pages_ = pages;
    for (const Length& length : lengths) add(length, numbers);
    const int tokens = longest();
    for (int i = 0; i < tokens * layout.turned; ++i) {
      const int position = i / layout.turned;
      const double angle = 0.01 * position * (1 + pair_of(i % layout.turned));
      cosines_.push_back(static_cast<float>(std::cos(angle)));
      const auto sine = static_cast<float>(std::sin(angle));
      sines_.push_back(is_first(i % layout.turned) ? -sine : sine);
    }
    query_norm_ = draw(random_, product(layout.heads, layout.width), 1.0F);
    key_norm_ = draw(random_, static_cast<std::size_t>(layout.width), 1.0F);
    sinks_ = draw(random_, static_cast<std::size_t>(layout.heads), 2.0F);
  }

  const AttentionLayout& layout() const { return layout_; }
  const std::vector<ExampleSequence>& sequences() const { return sequences_; }

  /// The answers [tokens][H][Dv] of all new tokens, sequence by sequence, computed in steps of
  /// `rows` tokens of each sequence at most.
  std::vector<float> computed(CpuPath path, ThreadPool& pool, int rows);

  /// The textbook's answer for one query head of one token.
  std::vector<double> expected(const ExampleSequence& sequence, int token, int head) const;

 private:
  int pair_of(int channel) const {
    return layout_.interleaved ? channel / 2 : channel % (layout_.turned / 2);
  }
  bool is_first(int channel) const {
    return layout_.interleaved ? channel % 2 == 0 : channel < layout_.turned / 2;
  }
  int partner(int channel) const {
    if (layout_.interleaved) return channel ^ 1;
    return (channel + layout_.turned / 2) % layout_.turned;
  }
  int longest() const {
    int most = 0;
    for (const ExampleSequence& sequence : sequences_) most = std::max(most, sequence.tokens());
    return most;
  }

  void add(const Length& length, std::vector<std::int32_t>& numbers) {
    const int tokens = length.cached + length.rows;
    ExampleSequence made{
        .length = length,
        .pages = {},
        .keys = draw(random_, product(tokens, layout_.kv_heads, layout_.width), 1.0F),
        .values = draw(random_, product(tokens, layout_.kv_heads, layout_.value_dim), 1.0F),
        .queries = draw(random_, product(tokens, layout_.heads, layout_.width), layout_.size)};
    for (int page = 0; page * kPageRows < tokens; ++page) {
      made.pages.push_back(numbers.back());
      numbers.pop_back();
    }
    sequences_.push_back(std::move(made));
  }

  /// In double precision.
  std::vector<double> placed(const float* x, const float* norm, int token) const;
  KvRow key() const {
    return key_row(layout_.type, layout_.width, layout_.keys_as_rows || layout_.values_in_keys);
  }
  /// What the page gives back of a row.
  std::vector<float> kept(const std::vector<double>& numbers) const;
  HeadPlacing placing(const std::vector<float>& norm, std::int64_t stride) const;
  void fill_pools();
  PagedStep next_step(const std::vector<int>& done, int rows);
  void append_token(const ExampleSequence& sequence, int token);
  AttentionJob job(const PagedStep& step);

  AttentionLayout layout_;
  std::mt19937 random_;
  int pages_ = 0;
  std::vector<ExampleSequence> sequences_;
  std::vector<float> cosines_, sines_, query_norm_, key_norm_, sinks_;
  std::vector<std::uint8_t> key_rows_, value_rows_;
  std::vector<float> step_queries_, step_keys_, step_values_, step_cosines_, step_sines_;
  std::vector<float> step_mixed_;
};

inline std::vector<double> AttentionExample::placed(const float* x, const float* norm,
                                                    int token) const {
  std::vector<double> y(x, x + layout_.width);
  const auto normalise = [&] {
    double squares = 0.0;
    for (const double number : y) squares += number * number;
    const double factor = 1.0 / std::sqrt(squares / layout_.width + 1e-6);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= factor * norm[i];
  };
  if (layout_.norms && !layout_.norm_after_turn) normalise();
  const std::vector<double> before = y;
  for (int i = 0; i < layout_.turned; ++i) {
    const auto at = product(token, layout_.turned) + static_cast<std::size_t>(i);
    y[static_cast<std::size_t>(i)] = before[static_cast<std::size_t>(i)] * cosines_[at] +
                                     before[static_cast<std::size_t>(partner(i))] * sines_[at];
  }
  if (layout_.norms && layout_.norm_after_turn) normalise();
  return y;
}

inline std::vector<float> AttentionExample::kept(const std::vector<double>& numbers) const {
  const KvRow row = kv_row(layout_.type, static_cast<int>(numbers.size()));
  const std::vector<float> plain(numbers.begin(), numbers.end());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(row.bytes) + 64);
  store_row(row, plain.data(), bytes.data());
  std::vector<float> back(static_cast<std::size_t>(padded(row.width)));
  kAttentionScalar.unpack(row, {bytes.data(), bytes.data()}, 1, {back.data(), padded(row.width)});
  back.resize(numbers.size());
  return back;
}

inline std::vector<double> AttentionExample::expected(const ExampleSequence& sequence, int token,
                                                      int head) const {
  const int share = layout_.heads / layout_.kv_heads;
  const auto query =
      placed(sequence.queries.data() + product(token * layout_.heads + head, layout_.width),
             query_norm_.data() + product(head, layout_.width), token);
  const int oldest = layout_.window > 0 ? std::max(0, token - layout_.window + 1) : 0;
  std::vector<double> mixed(static_cast<std::size_t>(layout_.value_dim), 0.0);
  std::vector<double> scores;
  std::vector<std::vector<float>> values;
  for (int key = oldest; key <= token; ++key) {
    const auto row = static_cast<std::size_t>(std::int64_t{key} * layout_.kv_heads + head / share);
    const auto k = kept(placed(sequence.keys.data() + row * static_cast<std::size_t>(layout_.width),
                               key_norm_.data(), key));
    double score = 0.0;
    for (std::size_t i = 0; i < query.size(); ++i) score += query[i] * k[i];
    score *= 0.125;
    if (layout_.softcap > 0.0F) score = layout_.softcap * std::tanh(score / layout_.softcap);
    scores.push_back(score);
    const float* v = sequence.values.data() + row * static_cast<std::size_t>(layout_.value_dim);
    values.push_back(layout_.values_in_keys ? k
                                            : kept(std::vector<double>(v, v + layout_.value_dim)));
  }
  double largest = *std::ranges::max_element(scores);
  const double sink = sinks_[static_cast<std::size_t>(head)];
  if (layout_.sinks) largest = std::max(largest, sink);
  double total = layout_.sinks ? std::exp(sink - largest) : 0.0;
  for (std::size_t key = 0; key < scores.size(); ++key) {
    const double weight = std::exp(scores[key] - largest);
    total += weight;
    for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i] += weight * values[key][i];
  }
  for (double& number : mixed) number /= total;
  return mixed;
}

inline HeadPlacing AttentionExample::placing(const std::vector<float>& norm,
                                             std::int64_t stride) const {
  HeadPlacing made;
  if (layout_.norms)
    made.norm = {.weights = norm.data(), .stride = stride, .epsilon = 1e-6F, .on = true};
  made.norm_after_turn = layout_.norm_after_turn;
  made.turn = {.cosines = step_cosines_.data(),
               .sines = step_sines_.data(),
               .dims = layout_.turned,
               .interleaved = layout_.interleaved};
  return made;
}

/// Keys and values of cached tokens; whatever else lies in the pools is no number.
inline void AttentionExample::fill_pools() {
  const KvRow key = this->key();
  const KvRow value = kv_row(layout_.type, layout_.value_dim);
  const std::size_t slots = product(pages_, layout_.kv_heads, kPageRows);
  key_rows_.assign(slots * static_cast<std::size_t>(key.bytes), 0xFF);
  value_rows_.assign(slots * static_cast<std::size_t>(value.bytes), 0xFF);
  for (const ExampleSequence& sequence : sequences_)
    for (int token = 0; token < sequence.length.cached; ++token)
      for (int head = 0; head < layout_.kv_heads; ++head) {
        const std::int32_t page = sequence.pages[static_cast<std::size_t>(token / kPageRows)];
        const std::size_t slot = product(page * layout_.kv_heads + head, kPageRows);
        const auto at = static_cast<std::size_t>(std::int64_t{token} * layout_.kv_heads + head);
        const auto k = placed(sequence.keys.data() + at * static_cast<std::size_t>(layout_.width),
                              key_norm_.data(), token);
        const int in_page = token % kPageRows;
        store_in_page(key, std::vector<float>(k.begin(), k.end()).data(),
                      key_rows_.data() + slot * static_cast<std::size_t>(key.bytes), in_page);
        store_in_page(value,
                      sequence.values.data() + at * static_cast<std::size_t>(layout_.value_dim),
                      value_rows_.data() + slot * static_cast<std::size_t>(value.bytes), in_page);
      }
}

inline void AttentionExample::append_token(const ExampleSequence& sequence, int token) {
  const auto append = [token](std::vector<float>& to, const std::vector<float>& from, int count) {
    const auto begin = from.begin() + std::ptrdiff_t{token} * count;
    to.insert(to.end(), begin, begin + count);
  };
  append(step_queries_, sequence.queries, layout_.heads * layout_.width);
  append(step_keys_, sequence.keys, layout_.kv_heads * layout_.width);
  append(step_values_, sequence.values, layout_.kv_heads * layout_.value_dim);
  append(step_cosines_, cosines_, layout_.turned);
  append(step_sines_, sines_, layout_.turned);
}

/// At most `rows` further tokens of each sequence.
inline PagedStep AttentionExample::next_step(const std::vector<int>& done, int rows) {
  for (auto* numbers : {&step_queries_, &step_keys_, &step_values_, &step_cosines_, &step_sines_})
    numbers->clear();
  PagedStep step;
  int row = 0;
  for (std::size_t i = 0; i < sequences_.size(); ++i) {
    const ExampleSequence& sequence = sequences_[i];
    const int count = std::min(rows, sequence.tokens() - done[i]);
    if (count == 0) continue;
    // Pages before the window are not named.
    const int oldest = layout_.window > 0 ? std::max(0, done[i] - layout_.window + 1) : 0;
    const int first = oldest / kPageRows;
    step.segments.push_back({.first_row = row,
                             .rows = count,
                             .cached = done[i],
                             .first_page = first,
                             .pages = {sequence.pages.begin() + first, sequence.pages.end()}});
    for (int token = done[i]; token < done[i] + count; ++token) append_token(sequence, token);
    row += count;
  }
  step_mixed_.assign(product(row, layout_.heads, layout_.value_dim),
                     std::numeric_limits<float>::quiet_NaN());
  return step;
}

inline AttentionJob AttentionExample::job(const PagedStep& step) {
  const auto view = [](const std::vector<float>& numbers, int heads, int width) {
    return HeadsView{numbers.data(), std::int64_t{heads} * width, width};
  };
  AttentionJob job{.step = step,
                   .heads = layout_.heads,
                   .kv_heads = layout_.kv_heads,
                   .queries = view(step_queries_, layout_.heads, layout_.width),
                   .place_queries = placing(query_norm_, layout_.width),
                   .new_keys = view(step_keys_, layout_.kv_heads, layout_.width),
                   .place_keys = placing(key_norm_, 0),
                   .new_values = view(step_values_, layout_.kv_heads, layout_.value_dim),
                   .keys = {key_rows_.data(), key()},
                   .values = {layout_.values_in_keys ? nullptr : value_rows_.data(),
                              kv_row(layout_.type, layout_.value_dim)},
                   .rules = {.softcap = layout_.softcap,
                             .window = layout_.window,
                             .sinks = layout_.sinks ? sinks_.data() : nullptr},
                   .mixed = step_mixed_.data()};
  job.place_queries.factor = 0.125F;
  return job;
}

inline std::vector<float> AttentionExample::computed(CpuPath path, ThreadPool& pool, int rows) {
  fill_pools();
  std::vector<int> done;
  done.reserve(sequences_.size());
  for (const ExampleSequence& sequence : sequences_) done.push_back(sequence.length.cached);
  std::vector<std::vector<float>> answers(sequences_.size());
  while (true) {
    const PagedStep step = next_step(done, rows);
    if (step.segments.empty()) break;
    attend(job(step), path, pool);
    auto from = step_mixed_.begin();
    for (std::size_t i = 0; i < sequences_.size(); ++i) {
      const int count = std::min(rows, sequences_[i].tokens() - done[i]);
      const auto end = from + count * layout_.heads * layout_.value_dim;
      answers[i].insert(answers[i].end(), from, end);
      from = end;
      done[i] += count;
    }
  }
  std::vector<float> all;
  for (const auto& answer : answers) all.insert(all.end(), answer.begin(), answer.end());
  return all;
}

}  // namespace hearth::kernels::testing
