// Pieces of rows: read, changed, packed, written.
#include "convert/weight_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "convert/affine_codes.h"
#include "convert/shards.h"

namespace hearth::convert {

namespace {

constexpr std::int64_t kNumbersAtOnce = std::int64_t{1} << 22;

std::span<const std::byte> bytes_of(const mx::array& array) {
  return {array.data<std::byte>(), array.nbytes()};
}

class Writer {
 public:
  Writer(SourceTensors& source, const Weight& weight, const Treatment& treatment, ShardFile& file)
      : source_(source),
        weight_(weight),
        treatment_(treatment),
        file_(file),
        dtype_(kept_dtype(weight, treatment, source)) {}

  Result<void> run(const OnNumbers& on_numbers) {
    if (weight_.turned) {
      TRY(put(TRY(read_turned())));
      if (!on_numbers(weight_.elements())) return stopped();
    } else {
      for (const RowRange& range : weight_.ranges) TRY(run_range(range, on_numbers));
    }
    TRY(file_.append(std::span<const std::byte>(scales_)));
    return file_.append(std::span<const std::byte>(biases_));
  }

 private:
  static Result<void> stopped() { return fail(ErrorCode::Cancelled, "stopped"); }

  Result<void> run_range(const RowRange& range, const OnNumbers& on_numbers) {
    const std::int64_t width =
        range.width != 0 ? range.width : std::max<std::int64_t>(1, weight_.width());
    const std::int64_t at_once = std::max<std::int64_t>(1, kNumbersAtOnce / width);
    for (std::int64_t first = 0; first < range.count; first += at_once) {
      const std::int64_t rows = std::min(at_once, range.count - first);
      if (treatment_.kept)
        TRY(put_packed(TRY(source_.packed_rows(range, first, rows))));
      else
        TRY(put(TRY(source_.numbers(range, first, rows, treatment_.dtype))));
      if (!on_numbers(rows * width)) return stopped();
    }
    return {};
  }

  /// All numbers, with the last two axes swapped. [rows, width]
  Result<mx::array> read_turned() {
    std::vector<mx::array> parts;
    parts.reserve(weight_.ranges.size());
    for (const RowRange& range : weight_.ranges)
      parts.push_back(TRY(source_.numbers(range, 0, range.count, treatment_.dtype)));
    const int inner = weight_.shape.end()[-2];
    const int width = weight_.shape.back();
    const mx::array all = mx::reshape(mx::concatenate(parts, 0), {-1, width, inner});
    return mx::reshape(mx::contiguous(mx::swapaxes(all, -1, -2)), {-1, width});
  }

  Result<void> put(mx::array rows) {
    if (weight_.added != 0.0F) rows = mx::add(rows, mx::array(weight_.added, rows.dtype()));
    rows = mx::astype(rows, dtype_);
    if (weight_.addition) rows = mx::add(rows, addition_to(rows));
    rows = mx::contiguous(rows);
    mx::eval(rows);
    row_ += rows.shape(0);
    if (!treatment_.packing) return file_.append(bytes_of(rows));
    return treatment_.packing->mode == nn::PackingMode::Affine ? put_affine(rows)
                                                               : put_other_mode(rows);
  }

  /// What a fused adapter adds to the rows that come next, rounded as they are.
  mx::array addition_to(const mx::array& rows) const {
    const auto& [up, down] = *weight_.addition;
    const mx::array part = mx::slice(up, {row_, 0}, {row_ + rows.shape(0), up.shape(1)});
    return mx::astype(mx::matmul(part, down), dtype_);
  }

  Result<void> put_affine(const mx::array& rows) {
    const nn::Packing& packing = *treatment_.packing;
    const std::size_t groups = rows.size() / static_cast<std::size_t>(packing.group_size);
    codes_.resize(rows.size() * static_cast<std::size_t>(packing.bits) / 8);
    const std::size_t begin = scales_.size();
    scales_.resize(begin + groups * dtype_.size());
    biases_.resize(begin + groups * dtype_.size());
    const AffineOutput out{codes_, std::span(scales_).subspan(begin),
                           std::span(biases_).subspan(begin)};
    if (!pack_affine(rows, packing, out))
      return fail(ErrorCode::CorruptData,
                  "tensor \"{}\" holds numbers that are infinite or no numbers at all; it cannot "
                  "be packed (--bits 16 copies it)",
                  weight_.ranges[0].tensor);
    return file_.append(std::span<const std::byte>(codes_));
  }

  Result<void> put_other_mode(const mx::array& rows) {
    const nn::Packing& packing = *treatment_.packing;
    auto parts = mx::quantize(rows, packing.group_size, packing.bits,
                              std::string(nn::format_of(packing.mode).name));
    mx::eval(parts);
    keep(scales_, parts[1]);
    return file_.append(bytes_of(parts[0]));
  }

  Result<void> put_packed(PackedRows rows) {
    std::vector<mx::array> all{mx::contiguous(rows.codes), rows.scales};
    if (rows.biases) all.push_back(*rows.biases);
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (mx::issubdtype(all[i].dtype(), mx::floating)) all[i] = mx::astype(all[i], dtype_);
      all[i] = mx::contiguous(all[i]);
    }
    mx::eval(all);
    keep(scales_, all[1]);
    if (rows.biases) keep(biases_, all[2]);
    return file_.append(bytes_of(all[0]));
  }

  static void keep(std::vector<std::byte>& kept, const mx::array& array) {
    const auto bytes = bytes_of(array);
    kept.insert(kept.end(), bytes.begin(), bytes.end());
  }

  SourceTensors& source_;
  const Weight& weight_;
  const Treatment& treatment_;
  ShardFile& file_;
  mx::Dtype dtype_;
  int row_ = 0;                    // of the weight, that is put next
  std::vector<std::byte> codes_;   // of the piece at hand
  std::vector<std::byte> scales_;  // of all pieces: they follow the codes
  std::vector<std::byte> biases_;
};

}  // namespace

Result<void> write_weight(SourceTensors& source, const Weight& weight, const Treatment& treatment,
                          ShardFile& file, const OnNumbers& on_numbers) {
  return Writer(source, weight, treatment, file).run(on_numbers);
}

}  // namespace hearth::convert
