// Teacher-forced log-probabilities, document by document.
#include "engine_bench/distributions.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <vector>

#include "engine_bench/circumstances.h"
#include "engine_bench/streams.h"
#include "text/tokenizer.h"

namespace hearth::engine_bench {
namespace {

using Ids = std::vector<std::int32_t>;

struct Document {
  Ids ids;
  std::vector<bool> counts;  ///< by token
};

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::NotFound, "there is no file \"{}\"", path.string());
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

Result<Ids> ids_of(const text::Tokenizer& tokenizer, std::string_view text,
                   text::AddSpecialTokens add) {
  const auto ids = TRY(tokenizer.encode(text, add));
  return Ids(ids.begin(), ids.end());
}

/// True where `part` lies in `ids` just before `at`.
bool ends_at(const Ids& ids, std::size_t at, const Ids& part) {
  return !part.empty() && at >= part.size() &&
         std::equal(part.begin(), part.end(),
                    ids.begin() + static_cast<std::ptrdiff_t>(at - part.size()));
}

std::vector<bool> counted(const Ids& ids, const Ids& begin, const Ids& end) {
  std::vector<bool> counts(ids.size(), begin.empty());
  bool inside = begin.empty();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!begin.empty() && inside && ends_at(ids, i, end)) inside = false;
    if (ends_at(ids, i, begin)) inside = true;
    counts[i] = inside;
  }
  return counts;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of("\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of("\r\n") - first + 1);
}

Result<std::vector<Document>> read_documents(const DistributionOptions& options) {
  const auto tokenizer = TRY(text::Tokenizer::load(options.folder));
  const Ids begin = TRY(ids_of(*tokenizer, options.begin, text::AddSpecialTokens::No));
  const Ids end = TRY(ids_of(*tokenizer, options.end, text::AddSpecialTokens::No));
  const std::string text = TRY(read_file(options.text));
  std::vector<Document> documents;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find(options.separator, at), text.size());
    const auto piece = trimmed(std::string_view(text).substr(at, stop - at));
    at = stop + options.separator.size();
    if (piece.empty()) continue;
    Ids ids = TRY(ids_of(*tokenizer, piece, text::AddSpecialTokens::Yes));
    auto counts = counted(ids, begin, end);
    documents.push_back({.ids = std::move(ids), .counts = std::move(counts)});
  }
  return documents;
}

/// Logits become natural logarithms of probabilities.
void normalise(std::span<const float> logits, std::vector<float>& out) {
  const float top = *std::ranges::max_element(logits);
  double sum = 0.0;
  for (const float value : logits) sum += std::exp(static_cast<double>(value - top));
  const double shift = static_cast<double>(top) + std::log(sum);
  out.resize(logits.size());
  std::ranges::transform(logits, out.begin(), [&](float value) {
    return static_cast<float>(static_cast<double>(value) - shift);
  });
}

/// The two files that a comparison reads.
class Output {
 public:
  explicit Output(const std::filesystem::path& path)
      : rows_(path, std::ios::binary), tokens_(path.string() + ".tokens", std::ios::binary) {}

  void add(std::span<const float> logits, std::int32_t token) {
    normalise(logits, row_);
    write(rows_, row_.data(), row_.size() * sizeof(float));
    write(tokens_, &token, sizeof(token));
    ++written_;
  }
  int written() const { return written_; }
  bool good() {
    rows_.flush();
    tokens_.flush();
    return rows_.good() && tokens_.good();
  }

 private:
  static void write(std::ofstream& file, const void* data, std::size_t bytes) {
    file.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  }
  std::ofstream rows_, tokens_;
  std::vector<float> row_;
  int written_ = 0;
};

/// One window of a document: tokens [first, first + window) with nothing before them.
Result<void> read_window(const models::Model& model, const Document& document, std::size_t first,
                         const DistributionOptions& options, Output& out) {
  const auto vocabulary = static_cast<std::size_t>(model.facts().vocab_size);
  const std::size_t last =
      std::min(document.ids.size(), first + static_cast<std::size_t>(options.window));
  Streams streams(model, 1, options.window);
  for (std::size_t at = first; at < last;) {
    const std::size_t rows = std::min(last - at, static_cast<std::size_t>(options.chunk));
    const auto logits = TRY(streams.read_rows(0, std::span(document.ids).subspan(at, rows)));
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t next = at + i + 1;
      if (next >= last || !document.counts[next] || out.written() >= options.most) continue;
      out.add(logits.subspan(i * vocabulary, vocabulary), document.ids[next]);
    }
    at += rows;
  }
  return {};
}

}  // namespace

Result<json::object> write_distributions(const DistributionOptions& options) {
  const auto documents = TRY(read_documents(options));
  const auto model = TRY(models::load_model(
      options.folder,
      {.unpack_limit_bytes = options.unpacked ? std::numeric_limits<std::size_t>::max() : 0,
       .kv_bits = options.kv_bits}));
  Output out(options.out);
  for (const Document& document : documents)
    for (std::size_t at = 0; at < document.ids.size() && out.written() < options.most;
         at += static_cast<std::size_t>(options.window))
      TRY(read_window(*model, document, at, options, out));
  if (!out.good())
    return fail(ErrorCode::Io, "cannot write {} and the file beside it", options.out.string());
  return json::object{{"tokens", out.written()},
                      {"vocabulary", model->facts().vocab_size},
                      {"documents", documents.size()},
                      {"kernels", TRY(kernels_used())}};
}

}  // namespace hearth::engine_bench
