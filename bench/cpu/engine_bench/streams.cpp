// Lays steps out and evaluates them.
#include "engine_bench/streams.h"

#include <algorithm>
#include <exception>
#include <numeric>
#include <utility>

#include "kernels/host_operation.h"

namespace hearth::engine_bench {

namespace mx = nn::mx;

Streams::Streams(const models::Model& model, int count, int tokens)
    : model_(model),
      pages_each_(nn::pages_for(tokens)),
      vocabulary_(static_cast<std::size_t>(model.facts().vocab_size)),
      cached_(static_cast<std::size_t>(count), 0),
      cache_(
          model.make_cache(static_cast<std::size_t>(count) * static_cast<std::size_t>(pages_each_),
                           static_cast<std::size_t>(count))),
      logits_(mx::array(0.0F)) {}

nn::Segment Streams::segment(int at, int first_row, int rows) const {
  std::vector<std::int32_t> pages(static_cast<std::size_t>(pages_each_));
  std::iota(pages.begin(), pages.end(), at * pages_each_);
  return {.first_row = first_row,
          .rows = rows,
          .cached = cached_[static_cast<std::size_t>(at)],
          .pages = std::move(pages),
          .state = at};
}

Result<void> Streams::run(std::span<const std::int32_t> ids,
                          const std::vector<nn::Segment>& segments,
                          std::vector<std::int32_t> wanted) {
  const auto batch = TRY(nn::make_step(ids, segments, std::move(wanted)));
  try {
    logits_ = kernels::in_order(TRY(model_.forward(batch, *cache_)));
    std::vector<mx::array> results = cache_->arrays();
    results.push_back(logits_);
    mx::eval(std::move(results));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the model failed in a step of {} tokens: {}", ids.size(),
                error.what());
  }
  for (const nn::Segment& done : segments)
    cached_[static_cast<std::size_t>(done.state)] += done.rows;
  return {};
}

std::int32_t Streams::likeliest(std::size_t row) const {
  const float* first = logits_.data<float>() + row * vocabulary_;
  return static_cast<std::int32_t>(std::max_element(first, first + vocabulary_) - first);
}

Result<std::int32_t> Streams::read(int at, std::span<const std::int32_t> ids, int chunk) {
  if (ids.empty()) return fail(ErrorCode::InvalidArgument, "there are no tokens to read");
  while (!ids.empty()) {
    const auto piece = ids.first(std::min(ids.size(), static_cast<std::size_t>(chunk)));
    ids = ids.subspan(piece.size());
    const int rows = static_cast<int>(piece.size());
    std::vector<std::int32_t> wanted;
    if (ids.empty()) wanted.push_back(rows - 1);
    TRY(run(piece, {segment(at, 0, rows)}, std::move(wanted)));
  }
  return likeliest(0);
}

Result<std::span<const float>> Streams::read_rows(int at, std::span<const std::int32_t> ids) {
  std::vector<std::int32_t> wanted(ids.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  TRY(run(ids, {segment(at, 0, static_cast<int>(ids.size()))}, std::move(wanted)));
  return std::span(logits_.data<float>(), ids.size() * vocabulary_);
}

Result<void> Streams::step(std::span<std::int32_t> tokens) {
  std::vector<nn::Segment> segments;
  segments.reserve(tokens.size());
  std::vector<std::int32_t> wanted(tokens.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  for (int i = 0; i < static_cast<int>(tokens.size()); ++i) segments.push_back(segment(i, i, 1));
  TRY(run(tokens, segments, std::move(wanted)));
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = likeliest(i);
  return {};
}

void Streams::rewind(int at, int tokens) {
  cached_[static_cast<std::size_t>(at)] = tokens;
}

}  // namespace hearth::engine_bench
