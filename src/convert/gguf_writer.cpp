// Pieces of rows: read, put in order, rounded, written.
#include "convert/gguf_writer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gguf/quantise.h"

namespace hearth::convert {

namespace {

constexpr std::int64_t kNumbersAtOnce = std::int64_t{1} << 21;
constexpr float kLargestHalf = 65504.0F;

using Numbers = std::vector<float>;

/// Rows `first` to `first + count` of the weight, wherever its ranges have them.
Result<Numbers> read_rows(SourceTensors& source, const Weight& weight, std::int64_t first,
                          std::int64_t count) {
  Numbers numbers;
  for (const RowRange& range : weight.ranges) {
    const std::int64_t begin = std::max<std::int64_t>(first, 0);
    const std::int64_t rows = std::min(range.count - begin, first + count - begin);
    first -= range.count;
    if (rows <= 0) continue;
    mx::array found = TRY(source.numbers(range, begin, rows, mx::float32));
    found = mx::contiguous(mx::astype(found, mx::float32));
    mx::eval(found);
    numbers.insert(numbers.end(), found.data<float>(), found.data<float>() + found.size());
  }
  if (weight.added != 0.0F)
    for (float& number : numbers) number += weight.added;
  return numbers;
}

/// In each head the rows of the first half alternate with those of the second.
Numbers paired(const Numbers& numbers, std::int64_t width, std::int64_t head_rows) {
  Numbers out(numbers.size());
  const auto rows = static_cast<std::int64_t>(numbers.size()) / width;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t inside = row % head_rows;
    const std::int64_t from = row - inside + inside % 2 * (head_rows / 2) + inside / 2;
    std::copy_n(numbers.begin() + from * width, width, out.begin() + row * width);
  }
  return out;
}

Result<void> check(const Numbers& numbers, const Weight& weight, gguf::TensorType type) {
  float largest = 0.0F;
  bool sound = true;
  for (const float number : numbers) {
    largest = std::max(largest, std::abs(number));
    sound = sound && std::isfinite(number);
  }
  if (!sound)
    return fail(ErrorCode::CorruptData,
                "tensor \"{}\" holds numbers that are infinite or no numbers at all",
                weight.ranges[0].tensor);
  if (type == gguf::TensorType::F16 && largest > kLargestHalf)
    return fail(ErrorCode::CorruptData,
                "tensor \"{}\" holds {}, which half precision cannot; --type bf16 or f32 can",
                weight.ranges[0].tensor, largest);
  return {};
}

}  // namespace

Result<void> write_gguf_weight(SourceTensors& source, const Weight& weight,
                               const GgufTreatment& treatment, ShardFile& file,
                               const OnNumbers& on_numbers) {
  const bool list = weight.shape.size() == 1;
  const std::int64_t width = list ? 1 : weight.width();
  const std::int64_t rows = weight.elements() / width;
  const std::int64_t head_rows = treatment.paired_heads > 0 ? rows / treatment.paired_heads : 1;
  const std::int64_t heads_at_once =
      std::max<std::int64_t>(1, kNumbersAtOnce / (width * head_rows));
  const std::int64_t at_once = list ? rows : heads_at_once * head_rows;
  std::vector<std::byte> blocks;
  for (std::int64_t first = 0; first < rows; first += at_once) {
    const std::int64_t count = std::min(at_once, rows - first);
    Numbers numbers = TRY(read_rows(source, weight, list ? 0 : first, count));
    if (treatment.paired_heads > 0) numbers = paired(numbers, width, head_rows);
    TRY(check(numbers, weight, treatment.type));
    blocks.clear();
    gguf::quantise(treatment.type, numbers, blocks);
    TRY(file.append(std::span<const std::byte>(blocks)));
    if (!on_numbers(count * width)) return fail(ErrorCode::Cancelled, "stopped");
  }
  return {};
}

}  // namespace hearth::convert
