// From a folder to a model, or to its facts.
#include <exception>
#include <mlx/compile.h>
#include <mlx/memory.h>
#include <unistd.h>
#include <utility>

#include "models/config.h"
#include "models/model.h"
#include "models/names.h"
#include "models/registry.h"
#include "nn/checkpoint.h"
#include "nn/weights.h"

namespace hearth::models {

namespace {

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

/// Weights of one stored tensor, packed ones counted unpacked; 0 for what only describes others.
std::int64_t weights_in(const std::string& name, const Opened& model) {
  const auto& tensors = model.checkpoint.tensors();
  const auto elements = static_cast<std::int64_t>(tensors.find(name)->second.entry.elements());
  const std::string layer = name.substr(0, name.rfind('.'));
  const bool packed = tensors.contains(layer + ".scales");
  if (packed && (ends_in(name, ".scales") || ends_in(name, ".biases"))) return 0;
  const std::string path = canonical_name(*model.family, name);
  if (is_superfluous(path, model.facts.tied_head, model.config.nested)) return 0;
  const auto packing = model.config.quantisation.at(layer);
  return packed && packing && ends_in(name, ".weight") ? elements * 32 / packing->bits : elements;
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
  if (const auto& packing = config.quantisation.global)
    facts.quantisation = Quantisation{.mode = std::string(nn::format_of(packing->mode).name),
                                      .bits = packing->bits,
                                      .group_size = packing->group_size};
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

Result<std::unique_ptr<Model>> build(const Opened& model, const LoadOptions& options,
                                     std::size_t& weight_bytes) {
  const auto unpacked = static_cast<std::uint64_t>(model.facts.parameters) * sizeof(float);
  const bool packed = model.facts.quantisation.has_value();
  const bool unpack = packed && nn::on_cpu() && unpacked <= options.unpack_limit_bytes;
  const bool widened = nn::on_cpu() && (!packed || unpack);
  TRY(check_memory(widened ? unpacked : model.checkpoint.bytes()));

  nn::Weights weights(model.checkpoint, model.config.quantisation, {.unpack = unpack});
  weights.rename([&](std::string path) { return canonical_name(*model.family, std::move(path)); });
  weights.drop([&](std::string_view path) {
    return is_superfluous(path, model.facts.tied_head, model.config.nested);
  });
  auto built = TRY(model.family->build(model.config, weights, model.facts));
  TRY(weights.finish());
  weight_bytes = weights.bytes();
  return built;
}

std::string doing(const std::filesystem::path& folder) {
  const auto name = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  return fmt::format("load {}", name.string());
}

}  // namespace

Result<std::unique_ptr<Model>> load_model(const std::filesystem::path& folder,
                                          const LoadOptions& options) {
  try {
    prepare_backend();
    const Opened opened = TRY_IN(doing(folder), open_folder(folder));
    std::size_t weight_bytes = 0;
    auto model = TRY_IN(doing(folder), build(opened, options, weight_bytes));
    model->facts_.weight_bytes = weight_bytes;
    return model;
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
