// Rebuilds golden checkpoints from the hash of their tensors' names, and runs models on them.
#include "models/testing/golden.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <numeric>

#include "nn/mlx.h"

namespace hearth::models::testing {

namespace fs = std::filesystem;
namespace mx = nn::mx;
using nn::testing::bytes_of;
using nn::testing::safetensors;

namespace {

const fs::path kGolden = fs::path(HEARTH_SOURCE_DIR) / "tests/golden";

std::uint32_t fnv1a(std::string_view name) {
  std::uint32_t hash = 0x811C9DC5;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
  return hash;
}

std::uint32_t mixed(std::uint32_t hash, std::uint32_t index) {
  std::uint32_t z = index * 0x9E3779B1U + hash;
  z ^= z >> 16;
  z *= 0x85EBCA6BU;
  z ^= z >> 13;
  z *= 0xC2B2AE35U;
  return z ^ (z >> 16);
}

float filled(std::string_view rule, std::uint32_t z, int bits) {
  const float u = static_cast<float>(z >> 8) / static_cast<float>(1 << 23) - 1.0F;
  if (rule == "weight") return u / 8.0F;
  if (rule == "norm") return 1.0F + u / 8.0F;
  if (rule == "scales") return (2.0F + u) / static_cast<float>(8 << bits);
  EXPECT_EQ(rule, "biases");
  return u / 64.0F - 0.125F;
}

/// Rounded to nearest even, as every tool stores them.
std::string rounded(const std::vector<float>& values, const std::string& dtype) {
  if (dtype == "F32") return bytes_of(values);
  const mx::array exact(values.data(), {static_cast<int>(values.size())}, mx::float32);
  mx::array half =
      mx::view(mx::astype(exact, dtype == "F16" ? mx::float16 : mx::bfloat16), mx::uint16);
  mx::eval(half);
  return bytes_of(
      std::vector(half.data<std::uint16_t>(), half.data<std::uint16_t>() + values.size()));
}

/// Bytes `base` to `base` + `mask`, or E4M3 codes but those of "not a number".
std::string hash_bytes(std::uint32_t hash, std::size_t count, const json::object& tensor) {
  const bool fp8 = tensor.at("fill") == "fp8";
  const auto mask = fp8 ? 255U : static_cast<std::uint32_t>(tensor.at("mask").as_int64());
  const auto base = fp8 ? 0U : static_cast<std::uint32_t>(tensor.at("base").as_int64());
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t byte = (mixed(hash, static_cast<std::uint32_t>(i)) & mask) + base;
    if (fp8 && (byte & 127U) == 127U) byte ^= 1U;
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

StoredTensor hash_tensor(const std::string& name, const json::object& tensor) {
  StoredTensor stored{
      .name = name, .dtype = tensor.at("dtype").as_string().c_str(), .shape = {}, .bytes = {}};
  std::size_t count = 1;
  for (const auto& length : tensor.at("shape").as_array()) {
    stored.shape.push_back(length.as_int64());
    count *= static_cast<std::size_t>(length.as_int64());
  }
  const std::string rule = tensor.at("fill").as_string().c_str();
  const std::uint32_t hash = fnv1a(name);
  if (rule == "packed") {
    std::vector<std::uint32_t> words(count);
    for (std::size_t i = 0; i < count; ++i) words[i] = mixed(hash, static_cast<std::uint32_t>(i));
    stored.bytes = bytes_of(words);
    return stored;
  }
  if (rule == "bytes" || rule == "fp8") {
    stored.bytes = hash_bytes(hash, count * (stored.dtype == "U32" ? 4 : 1), tensor);
    return stored;
  }
  const int bits = tensor.contains("bits") ? static_cast<int>(tensor.at("bits").as_int64()) : 0;
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = filled(rule, mixed(hash, static_cast<std::uint32_t>(i)), bits);
  stored.bytes = rounded(values, stored.dtype);
  return stored;
}

std::vector<std::int32_t> read_ids(const json::value& list) {
  return json::value_to<std::vector<std::int32_t>>(list);
}

}  // namespace

const std::vector<std::string>& golden_cases() {
  static const std::vector<std::string> kCases = [] {
    std::vector<std::string> names;
    for (const auto& item : fs::recursive_directory_iterator(kGolden))
      if (item.path().filename() == "logits.f32")
        names.push_back(item.path().parent_path().lexically_relative(kGolden).string());
    std::ranges::sort(names);
    return names;
  }();
  return kCases;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

Golden read_golden(const std::string& name) {
  Golden golden{.folder = kGolden / name, .ids = {}, .greedy = {}, .tensors = {}, .logits = {}};
  auto document = base::parse_json(file_text(golden.folder / "golden.json"));
  EXPECT_TRUE(document) << document.error().message;
  const json::object& object = document->as_object();
  golden.ids = read_ids(object.at("ids"));
  golden.greedy = read_ids(object.at("greedy"));
  golden.tensors = object.at("tensors").as_object();
  const std::string raw = file_text(golden.folder / "logits.f32");
  golden.logits.resize(raw.size() / sizeof(float));
  std::memcpy(golden.logits.data(), raw.data(), raw.size());
  return golden;
}

std::vector<StoredTensor> hash_tensors(const Golden& golden) {
  std::vector<StoredTensor> tensors;
  for (const auto& member : golden.tensors)
    tensors.push_back(hash_tensor(std::string(member.key()), member.value().as_object()));
  return tensors;
}

void write_checkpoint(const TemporaryFolder& folder, const Golden& golden,
                      const std::string& config) {
  folder.write("config.json", file_text(golden.folder / config));
  folder.write("model.safetensors", safetensors(hash_tensors(golden)));
}

std::string file_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<float> feed(const Model& model, Cache& cache, std::vector<Stream>& streams,
                        const std::vector<int>& rows) {
  std::vector<std::int32_t> ids;
  std::vector<nn::Segment> segments;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    Stream& stream = streams[i];
    if (rows[i] == 0) continue;
    segments.push_back({.first_row = static_cast<int>(ids.size()),
                        .rows = rows[i],
                        .cached = stream.cached,
                        .pages = stream.pages,
                        .window_pages = stream.window_pages,
                        .window_first = stream.window_first,
                        .length = static_cast<int>(stream.ids.size()),
                        .state = stream.state,
                        .adapters = stream.adapters});
    const auto begin = stream.ids.begin() + stream.cached;
    ids.insert(ids.end(), begin, begin + rows[i]);
    stream.cached += rows[i];
  }
  std::vector<std::int32_t> wanted(ids.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  auto batch = nn::make_step(ids, segments, wanted);
  EXPECT_TRUE(batch) << batch.error().message;
  auto logits = model.forward(*batch, cache);
  EXPECT_TRUE(logits) << logits.error().message;
  auto arrays = cache.arrays();
  arrays.push_back(*logits);
  mx::eval(arrays);
  return {logits->data<float>(), logits->data<float>() + logits->size()};
}

std::vector<float> one_pass(const Model& model, const std::vector<std::int32_t>& ids) {
  const int pages = nn::pages_for(static_cast<int>(ids.size()));
  auto cache = model.make_cache(static_cast<std::size_t>(pages), 1);
  std::vector<Stream> streams{{.ids = ids, .pages = {}}};
  for (int page = 0; page < pages; ++page) streams[0].pages.push_back(page);
  return feed(model, *cache, streams, {static_cast<int>(ids.size())});
}

std::vector<std::int32_t> argmax_rows(const std::vector<float>& logits, int vocab) {
  std::vector<std::int32_t> winners;
  for (auto row = logits.begin(); row != logits.end(); row += vocab)
    winners.push_back(static_cast<std::int32_t>(std::max_element(row, row + vocab) - row));
  return winners;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0.0F;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) return INFINITY;
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

float standard_deviation(const std::vector<float>& values) {
  const double count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double sum = 0.0;
  for (const float value : values) sum += (value - mean) * (value - mean);
  return static_cast<float>(std::sqrt(sum / count));
}

}  // namespace hearth::models::testing
