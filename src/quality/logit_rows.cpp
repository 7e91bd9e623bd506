// One sequence at a time through a model, without scheduler and sampler.
#include "quality/logit_rows.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <numeric>
#include <utility>

#include "kernels/host_operation.h"

namespace hearth::quality {

namespace mx = nn::mx;

namespace {

constexpr std::size_t kBytesAtOnce = std::size_t{128} << 20;
constexpr std::size_t kMostRows = 512;
constexpr std::size_t kLeastRows = 16;

double seconds_of(std::chrono::steady_clock::duration time) {
  return std::max(1e-9, std::chrono::duration<double>(time).count());
}

}  // namespace

int rows_at_once(int vocabulary) {
  const std::size_t row = static_cast<std::size_t>(vocabulary) * sizeof(float);
  return static_cast<int>(std::clamp(kBytesAtOnce / row, kLeastRows, kMostRows));
}

ComputedRows::ComputedRows(const models::Model& model, int window)
    : model_(model),
      pages_(static_cast<std::size_t>(nn::pages_for(window))),
      cache_(model.make_cache(pages_.size(), 1)),
      logits_(mx::array(0.0F)) {
  std::iota(pages_.begin(), pages_.end(), 0);
}

Result<void> ComputedRows::run(std::span<const std::int32_t> ids,
                               std::vector<std::int32_t> wanted) {
  const int rows = static_cast<int>(ids.size());
  const nn::Segment segment{
      .first_row = 0, .rows = rows, .cached = cached_, .pages = pages_, .state = 0};
  const auto batch = TRY(nn::make_step(ids, {segment}, std::move(wanted)));
  try {
    logits_ = kernels::in_order(TRY(model_.forward(batch, *cache_)));
    std::vector<mx::array> results = cache_->arrays();
    results.push_back(logits_);
    mx::eval(std::move(results));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the model failed in a step of {} tokens: {}", rows,
                error.what());
  }
  cached_ += rows;
  return {};
}

Result<std::span<const float>> ComputedRows::next(const Piece& piece) {
  if (piece.first) cached_ = 0;
  std::vector<std::int32_t> wanted(piece.ids.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  TRY(run(piece.ids, std::move(wanted)));
  return std::span(logits_.data<float>(), logits_.size());
}

Result<void> ComputedRows::advance(std::span<const std::int32_t> ids, bool first) {
  if (first) cached_ = 0;
  return run(ids, {static_cast<std::int32_t>(ids.size()) - 1});
}

StoredRows::StoredRows(const std::filesystem::path& file, std::size_t vocabulary)
    : file_(file, std::ios::binary), name_(file.string()), vocabulary_(vocabulary) {}

Result<std::span<const float>> StoredRows::next(const Piece& piece) {
  rows_.resize(piece.ids.size() * vocabulary_);
  const auto bytes = static_cast<std::streamsize>(rows_.size() * sizeof(float));
  if (!file_.read(reinterpret_cast<char*>(rows_.data()), bytes))
    return fail(ErrorCode::Io, "{} cannot be read back", name_);
  return std::span<const float>(rows_);
}

Result<Speed> measure_speed(const models::Model& model, std::span<const std::int32_t> window) {
  constexpr std::size_t kPrompt = 256;
  constexpr std::size_t kGenerated = 24;
  using Clock = std::chrono::steady_clock;
  const std::size_t steps = std::min(kGenerated, window.size() / 2);
  const auto prompt = window.first(std::min(kPrompt, window.size() - steps));
  ComputedRows rows(model, static_cast<int>(prompt.size() + steps));
  TRY(rows.advance(prompt, true));
  const auto begin = Clock::now();
  TRY(rows.advance(prompt, true));
  const auto read = Clock::now();
  for (std::size_t i = 0; i < steps; ++i)
    TRY(rows.advance(window.subspan(prompt.size() + i, 1), false));
  const auto end = Clock::now();
  return Speed{.prompt = static_cast<double>(prompt.size()) / seconds_of(read - begin),
               .generation = static_cast<double>(steps) / seconds_of(end - read)};
}

}  // namespace hearth::quality
