// From a folder to a model, or to its facts.
#include <exception>
#include <mlx/compile.h>
#include <mlx/memory.h>
#include <unistd.h>
#include <utility>

#include "kernels/activation_digits.h"
#include "kernels/cpu.h"
#include "models/config.h"
#include "models/model.h"
#include "models/names.h"
#include "models/registry.h"
#include "nn/checkpoint.h"
#include "nn/panels.h"
#include "nn/weights.h"

namespace hearth::models {

namespace {

constexpr std::size_t kUnpackedBytes = std::size_t{512} << 20;
constexpr std::size_t kKeptBytes = std::size_t{512} << 20;

struct Opened {
  Config config;
  const Family* family = nullptr;
  nn::Checkpoint checkpoint;
  ModelFacts facts;
};

bool ends_in(std::string_view name, std::string_view part) {
  return name.ends_with(part);
}

/// True for a tensor that only scales or shifts another one's codes.
bool is_companion(const std::string& name, const nn::Checkpoint& checkpoint) {
  const auto beside = [&](std::string_view ending, std::string_view other) {
    if (!ends_in(name, ending)) return false;
    const auto stem = name.substr(0, name.size() - ending.size());
    return checkpoint.tensors().contains(stem + std::string(other));
  };
  return beside(".scales", ".weight") || beside(".biases", ".scales") ||
         beside("_scales", "_blocks") || beside(".weight_scale_inv", ".weight") ||
         beside(".activation_scale", ".weight_scale_inv") ||
         beside(".input_scale", ".weight_scale_inv");
}

/// Weights of one stored tensor, packed ones counted unpacked; 0 for what only describes others.
std::int64_t weights_in(const std::string& name, const Opened& model) {
  const auto& tensors = model.checkpoint.tensors();
  const auto elements = static_cast<std::int64_t>(tensors.find(name)->second.entry.elements());
  if (is_companion(name, model.checkpoint)) return 0;
  const std::string path = canonical_name(*model.family, name);
  if (is_superfluous(path, model.facts.tied_head, model.config.nested)) return 0;
  if (ends_in(name, "_blocks")) return elements * 2;  // bytes of two MXFP4 codes
  const std::string layer = name.substr(0, name.rfind('.'));
  const auto packing = model.config.quantisation.at(layer);
  const bool packed = packing && ends_in(name, ".weight") && tensors.contains(layer + ".scales");
  return packed ? elements * 32 / packing->bits : elements;
}

/// The format of most weights.
std::optional<Quantisation> quantisation_of(const nn::QuantisationSettings& settings) {
  if (settings.fp8)
    return Quantisation{.mode = "fp8", .bits = 8, .group_size = settings.fp8->columns};
  auto packing = settings.global;
  if (settings.mxfp4_blocks) packing = nn::format_of(nn::PackingMode::Mxfp4).usual;
  if (!packing) return {};
  return Quantisation{.mode = std::string(nn::format_of(packing->mode).name),
                      .bits = packing->bits,
                      .group_size = packing->group_size};
}

ModelFacts facts_of(const Opened& model) {
  const Config& config = model.config;
  ModelFacts facts{.model_type = config.model_type,
                   .vocab_size = config.vocab_size,
                   .context_length = config.context_length,
                   .layers = config.layers,
                   .hidden_size = config.hidden_size,
                   .heads = config.heads,
                   .kv_heads = config.kv_heads,
                   .head_dim = config.head_dim,
                   .tied_head = model.facts.tied_head,
                   .dtype = config.dtype,
                   .weight_bytes = static_cast<std::size_t>(model.checkpoint.bytes()),
                   .eos_ids = config.eos_ids};
  if (config.rope.kind == nn::RopeSpec::Kind::LongRope)
    facts.stretched_beyond = static_cast<int>(config.rope.original_context);
  facts.quantisation = quantisation_of(config.quantisation);
  for (const auto& [name, tensor] : model.checkpoint.tensors())
    facts.parameters += weights_in(name, model);
  return facts;
}

Result<Opened> open_folder(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    return fail(ErrorCode::NotFound, "there is no folder \"{}\"", folder.string());
  Opened model{
      .config = TRY(read_config(folder)), .family = nullptr, .checkpoint = {}, .facts = {}};
  model.family = find_family(model.config.family);
  model.checkpoint = TRY(nn::Checkpoint::open(folder));
  bool head = false;
  for (const auto& [name, tensor] : model.checkpoint.tensors())
    head = head || canonical_name(*model.family, name) == "lm_head.weight";
  model.facts.tied_head = model.config.tied_head || !head;
  model.facts = facts_of(model);
  return model;
}

std::uint64_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long size = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0
             ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size)
             : UINT64_MAX;
}

/// Settings of MLX for the whole process, once per load: cheap, and idempotent.
void prepare_backend() {
  if (!nn::on_cpu()) return;
  nn::mx::disable_compile();  // else it runs a C++ compiler, for seconds
  // MLX keeps 32 MB of freed buffers here, and larger ones go back to the system: with long
  // contexts every step then pays page faults that cost more than its arithmetic.
  nn::mx::set_cache_limit(kKeptBytes);
}

/// MLX does not survive an allocation that fails on the CPU: refuse what cannot fit.
Result<void> check_memory(std::uint64_t needed) {
  const std::uint64_t memory = machine_memory();
  if (needed <= memory) return {};
  return fail(ErrorCode::OutOfMemory, "its weights need {} MB, but this machine has {} MB",
              needed >> 20, memory >> 20);
}

/// What loading makes of an opened folder.
struct Built {
  std::unique_ptr<Model> model;
  std::size_t weight_bytes = 0;
  std::shared_ptr<nn::AdapterTargets> adapters;
};

Result<Built> build(const Opened& model, const LoadOptions& options) {
  const auto unpacked = static_cast<std::uint64_t>(model.facts.parameters) * sizeof(float);
  // FP8 is always unpacked, to 16 bits at least.
  const bool fp8 = model.config.quantisation.fp8.has_value();
  const bool packed = model.facts.quantisation && !fp8;
  const std::size_t limit =
      options.unpack_limit_bytes.value_or(nn::kernels_serve() ? 0 : kUnpackedBytes);
  const bool unpack = packed && nn::on_cpu() && unpacked <= limit;
  const bool widened = nn::on_cpu() && (unpack || fp8 || (!packed && !nn::kernels_serve()));
  const std::uint64_t stored = model.checkpoint.bytes() * (fp8 ? 2 : 1);
  TRY(check_memory(widened ? unpacked : stored));

  nn::Weights weights(model.checkpoint, model.config.quantisation,
                      {.unpack = unpack, .rows = options.rows});
  weights.rename([&](std::string path) { return canonical_name(*model.family, std::move(path)); });
  weights.drop([&](std::string_view path) {
    return is_superfluous(path, model.facts.tied_head, model.config.nested);
  });
  auto built = TRY(model.family->build(model.config, weights, model.facts));
  TRY(weights.finish());
  nn::mx::clear_cache();  // what matrices were read from
  return Built{std::move(built), weights.bytes(), weights.adapter_targets()};
}

std::string doing(const std::filesystem::path& folder) {
  const auto name = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  return fmt::format("load {}", name.string());
}

}  // namespace

Result<std::unique_ptr<Model>> load_model(const std::filesystem::path& folder,
                                          const LoadOptions& options) {
  if (options.kv_bits != 0 && options.kv_bits != 16 && options.kv_bits != 8 && options.kv_bits != 4)
    return fail(
        ErrorCode::UnsupportedArgument,
        "{}: keys and values in {} bits are not supported (supported: 16, 8, 4, 0 for as they "
        "are)",
        doing(folder), options.kv_bits);
  if (const auto& path = kernels::cpu_path(); !path) return fail_in(doing(folder), path.error());
  if (const auto& digits = kernels::activation_digits(); !digits)
    return fail_in(doing(folder), digits.error());
  try {
    prepare_backend();
    const Opened opened = TRY_IN(doing(folder), open_folder(folder));
    Built built = TRY_IN(doing(folder), build(opened, options));
    built.model->facts_.weight_bytes = built.weight_bytes;
    built.model->rows_ = options.rows;
    built.model->adapters_ = std::move(built.adapters);
    for (nn::CacheShape& layer : built.model->layers_)
      if (layer.kv) layer.kv->pack(options.kv_bits);
    return std::move(built.model);
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing(folder), error.what());
  }
}

Result<ModelFacts> read_facts(const std::filesystem::path& folder) {
  try {
    return TRY_IN(doing(folder), open_folder(folder)).facts;
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing(folder), error.what());
  }
}

}  // namespace hearth::models
