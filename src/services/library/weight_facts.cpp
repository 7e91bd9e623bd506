// Headers of safetensors files, added up.
#include "services/library/weight_facts.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>

#include "base/safetensors_header.h"
#include "services/library/members.h"

namespace hearth::services {

namespace fs = std::filesystem;

Result<base::TensorTable> tensor_table(const fs::path& file) {
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) return fail(ErrorCode::Io, "cannot be read");
  std::string prefix(
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes, base::kSafetensorsPrefix)), '\0');
  in.read(prefix.data(), static_cast<std::streamsize>(prefix.size()));
  const auto length = TRY(base::safetensors_header_bytes(prefix, bytes));
  std::string text(static_cast<std::size_t>(length), '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())))
    return fail(ErrorCode::Io, "cannot be read");
  return base::parse_safetensors_header(text, bytes);
}

namespace {

/// The settings of a packed tensor: the model's, or its own.
struct Packing {
  explicit Packing(const json::object& config) {
    for (const std::string_view key : {"quantization", "quantization_config"})
      if (const auto* found = config.if_contains(key); found && found->is_object() && !settings)
        settings = &found->get_object();
  }
  std::uint64_t bits(const std::string& path) const {
    if (settings == nullptr) return 4;
    std::int64_t bits = integer_of(*settings, "bits", 4);
    if (const auto* own = settings->if_contains(path); own && own->is_object())
      bits = integer_of(own->get_object(), "bits", bits);
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(bits, 1, 32));
  }
  const json::object* settings = nullptr;
};

/// Whether a tensor holds scales or offsets of another, and no weights of its own.
bool belongs_to_packing(const base::TensorTable& table, const std::string& name) {
  for (const std::string_view end : {".scales", ".biases", "_scales", ".weight_scale_inv"}) {
    if (!name.ends_with(end)) continue;
    const std::string path = name.substr(0, name.size() - end.size());
    return table.contains(path + ".weight") || table.contains(path + "_blocks");
  }
  return false;
}

std::uint64_t parameters_of(const base::TensorTable& table, const std::string& name,
                            const base::TensorEntry& entry, const Packing& packing) {
  if (belongs_to_packing(table, name)) return 0;
  if (name.ends_with("_blocks") && entry.dtype == "U8") return entry.elements() * 2;
  if (name.ends_with(".weight") && entry.dtype == "U32") {
    const std::string path = name.substr(0, name.size() - std::string_view(".weight").size());
    if (table.contains(path + ".scales")) return entry.elements() * 32 / packing.bits(path);
  }
  return entry.elements();
}

}  // namespace

Result<WeightFacts> weight_facts(const fs::path& folder, const json::object& config) {
  const Packing packing(config);
  WeightFacts facts;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".safetensors") continue;
    const auto table = TRY_IN(at->path().filename().string(), tensor_table(at->path()));
    for (const auto& [name, entry] : table) {
      facts.bytes += entry.bytes;
      facts.parameters += parameters_of(table, name, entry, packing);
    }
  }
  return facts;
}

}  // namespace hearth::services
