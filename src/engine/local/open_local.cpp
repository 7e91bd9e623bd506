// Opening a model: texts on the caller's thread, weights on the engine's.
#include "engine/open_local.h"

#include <mlx/compile.h>
#include <mlx/device.h>
#include <mlx/memory.h>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "engine/host/local_engine.h"
#include "engine/local/memory_plan.h"
#include "engine/local/model_files.h"
#include "engine/local/model_runner.h"
#include "nn/panels.h"
#include "platform/machine.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace hearth::engine {
namespace {

namespace mx = mlx::core;

constexpr std::size_t kDeviceCacheBytes = std::size_t{1} << 30;

std::string model_name(const EngineOptions& options) {
  return options.name.empty() ? options.folder.filename().string() : options.name;
}

/// generation_config.json or config.json name the end tokens; the tokenizer's own counts only where
/// both are silent.
std::vector<TokenId> end_tokens(const models::ModelFacts& facts, const text::Tokenizer& tokenizer) {
  if (!facts.eos_ids.empty()) return {facts.eos_ids.begin(), facts.eos_ids.end()};
  if (const auto id = tokenizer.special_id("eos_token")) return {*id};
  return {};
}

std::vector<std::string> names(const std::vector<AdapterSource>& adapters) {
  std::vector<std::string> all;
  all.reserve(adapters.size());
  for (const AdapterSource& adapter : adapters) all.push_back(adapter.name);
  return all;
}

ModelInfo describe(const EngineOptions& options, const models::ModelFacts& facts,
                   const ModelTexts& texts, const MemoryPlan& plan) {
  return {.name = model_name(options),
          .architecture = facts.model_type,
          .parameters = static_cast<std::uint64_t>(facts.parameters),
          .weight_bytes = facts.weight_bytes,
          .quantisation = describe_format(facts),
          .vocabulary = static_cast<std::uint32_t>(facts.vocab_size),
          .context_length = plan.context_length,
          .end_tokens = end_tokens(facts, *texts.tokenizer),
          .has_chat_template = texts.chat_template != nullptr,
          .can_think = texts.chat_template && texts.chat_template->thinking_supported(),
          .adapters = names(options.adapters),
          .fingerprint = fingerprint(options.folder)};
}

Result<ModelTexts> load_texts(const EngineOptions& options) {
  ModelTexts texts;
  texts.tokenizer = TRY(text::Tokenizer::load(options.folder));
  texts.chat_template = TRY(text::ChatTemplate::load(options.folder, *texts.tokenizer));
  texts.sampling = TRY(read_sampling_defaults(options.folder));
  return texts;
}

/// Settings of the device that hold for the process.
void prepare_device() {
  if (mx::default_device() == mx::Device::cpu) {
    // Compiled graphs would need a C++ compiler at run time and a shared folder for its output.
    mx::disable_compile();
  } else {
    mx::set_cache_limit(kDeviceCacheBytes);  // or freed buffers of growing sizes are hoarded
  }
}

/// What step times depend on, beside the model.
std::string device_name() {
  const platform::Processor processor = platform::processor();
  return fmt::format("{}, {} cores, {}", processor.model, processor.cores,
                     mx::default_device() == mx::Device::cpu ? "cpu" : "gpu");
}

/// Adapters get their places in the options as numbers.
Result<void> add_adapters(models::Model& model, const std::vector<AdapterSource>& adapters) {
  int number = 0;
  for (const AdapterSource& adapter : adapters) {
    const auto facts = TRY(model.add_adapter(number++, adapter.folder));
    log_info("engine", "adapter {} adds to {} layers with rank {}, {} MiB", adapter.name,
             facts.layers, facts.rank, facts.bytes >> 20);
  }
  return {};
}

/// As nn counts them.
int kv_bits(const EngineOptions& options) {
  return options.kv_bits ? static_cast<int>(*options.kv_bits) : nn::usual_kv_bits();
}

/// What decides the values of a cache beside the model's files, whose fingerprint names MLX's
/// version too. A context is no part of it: longer prompts than a model was made for have a salt.
std::string identity(const EngineOptions& options) {
  std::string text =
      fmt::format("hearth {}, {}, keys and values in {} bits, {} rows", HEARTH_VERSION,
                  mx::default_device() == mx::Device::cpu ? "cpu" : "gpu",
                  kv_bits(options) == 0 ? "all" : std::to_string(kv_bits(options)),
                  options.batch_invariant ? "fixed" : "any");
  // A salt names adapters by their numbers.
  for (const AdapterSource& adapter : options.adapters)
    text += fmt::format(", adapter {}", fingerprint(adapter.folder));
  return text;
}

/// On the engine thread.
Result<LoadedModel> load_weights(const EngineOptions& options, const ModelTexts& texts) {
  const base::Instant start = base::SteadyClock::now();
  prepare_device();
  auto model = TRY(models::load_model(
      options.folder, {.rows = options.batch_invariant ? nn::RowPolicy::Fixed : nn::RowPolicy::Any,
                       .kv_bits = kv_bits(options)}));
  TRY_IN("load " + model_name(options), add_adapters(*model, options.adapters));
  const models::ModelFacts& facts = model->facts();
  const MemoryPlan plan = TRY_IN(
      "load " + model_name(options),
      plan_memory(options, {.page_bytes = model->page_bytes(),
                            .window_bytes = model->window_page_bytes(),
                            .window = static_cast<std::uint32_t>(model->window()),
                            .state_bytes = model->state_bytes(),
                            .model_context = static_cast<std::uint32_t>(facts.context_length),
                            .available_bytes = platform::memory().available_bytes}));
  LoadedModel loaded{.runner = nullptr,
                     .info = describe(options, facts, texts, plan),
                     .pages = plan.pages,
                     .windows = plan.windows,
                     .states = plan.states,
                     .stretched_beyond = static_cast<std::uint32_t>(facts.stretched_beyond),
                     .device = device_name(),
                     .identity = identity(options)};
  log_info(
      "engine", "{} is loaded in {:.0f} ms: {}, {}, {} MiB of weights, context {}, {} KV pages",
      loaded.info.name, base::elapsed_ms(start), loaded.info.architecture, loaded.info.quantisation,
      loaded.info.weight_bytes >> 20, plan.context_length, plan.pages);
  if (plan.windows.pages > 0)
    log_info("engine", "its layers with a window have {} pages of their own", plan.windows.pages);
  if (std::cmp_less(plan.context_length, facts.context_length))
    log_warn("engine", "{} is served with a context of {} tokens; it was made for {}",
             loaded.info.name, plan.context_length, facts.context_length);
  loaded.runner = std::make_unique<ModelRunner>(
      std::move(model),
      models::CacheLimits{
          .pages = plan.pages, .states = plan.states, .windows = plan.windows.pages});
  return loaded;
}

}  // namespace

Result<std::unique_ptr<Engine>> open_local(const EngineOptions& options) {
  const ModelTexts texts = TRY_IN("load " + model_name(options), load_texts(options));
  auto engine = LocalEngine::open({.limits = {.sequences = options.max_sequences,
                                              .tokens_per_step = options.tokens_per_step,
                                              .waiting = options.max_waiting},
                                   .token_interval_ms = options.token_interval_ms,
                                   .prefix_cache = options.prefix_cache,
                                   .measure_steps = options.measure_steps,
                                   .step_times = options.step_times,
                                   .prompts = options.prompts,
                                   .prompts_bytes = options.prompts_bytes},
                                  texts, [options, texts] { return load_weights(options, texts); });
  if (!engine) return fail(std::move(engine).error());  // names the model already
  return engine;
}

}  // namespace hearth::engine
