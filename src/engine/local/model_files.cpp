// generation_config.json, names of number formats, and the fingerprint.
#include "engine/local/model_files.h"

#include <algorithm>
#include <fstream>
#include <mlx/version.h>
#include <optional>
#include <sstream>
#include <vector>

#include "base/json.h"

namespace hearth::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::streamoff kSampleBytes = 65536;

template <class Number>
void read_number(const json::object& config, std::string_view name, std::optional<Number>& field) {
  const json::value* value = config.if_contains(name);
  if (value != nullptr && value->is_number()) field = value->to_number<Number>();
}

/// FNV-1a over 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes)
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325ULL;
};

std::string read_at(std::ifstream& file, std::streamoff from, std::streamoff bytes) {
  std::string content(static_cast<std::size_t>(bytes), '\0');
  file.clear();
  file.seekg(from);
  file.read(content.data(), bytes);
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return content;
}

void add_file(Hash& hash, const fs::path& path) {
  std::error_code error;
  const auto size = static_cast<std::streamoff>(fs::file_size(path, error));
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return;
  hash.add(path.filename().string());
  hash.add(std::to_string(size));
  hash.add(read_at(file, 0, std::min(size, kSampleBytes)));
  if (size > kSampleBytes) hash.add(read_at(file, size - kSampleBytes, kSampleBytes));
}

bool counts(const fs::path& path) {
  return path.extension() == ".safetensors" || path.filename() == "config.json" ||
         path.filename() == "adapter_config.json";
}

}  // namespace

Result<Sampling> read_sampling_defaults(const fs::path& folder) {
  const fs::path path = folder / "generation_config.json";
  std::ifstream file(path);
  if (!file) return Sampling{};
  std::ostringstream text;
  text << file.rdbuf();
  auto parsed = base::parse_json(text.str());
  if (!parsed || !parsed->is_object())
    return fail(ErrorCode::CorruptData, "{}: {}", path.string(),
                parsed ? "must hold a JSON object" : parsed.error().message);
  const json::object& config = parsed->get_object();
  Sampling sampling;
  read_number(config, "temperature", sampling.temperature);
  read_number(config, "top_p", sampling.top_p);
  read_number(config, "top_k", sampling.top_k);
  read_number(config, "min_p", sampling.min_p);
  read_number(config, "repetition_penalty", sampling.repetition_penalty);
  return sampling;
}

std::string describe_format(const models::ModelFacts& facts) {
  if (const auto& packed = facts.quantisation)
    return fmt::format("{}{}-bit, group {}", packed->mode == "affine" ? "" : packed->mode + " ",
                       packed->bits, packed->group_size);
  if (facts.dtype == "bfloat16") return "bf16";
  if (facts.dtype == "float16") return "f16";
  if (facts.dtype == "float32") return "f32";
  return facts.dtype;
}

std::string fingerprint(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (counts(entry.path())) files.push_back(entry.path());
  std::ranges::sort(files);
  Hash hash;
  hash.add(fmt::format("{}.{}.{}", MLX_VERSION_MAJOR, MLX_VERSION_MINOR, MLX_VERSION_PATCH));
  for (const fs::path& file : files) add_file(hash, file);
  return fmt::format("fp_{:012x}", hash.value() >> 16);
}

}  // namespace hearth::engine
