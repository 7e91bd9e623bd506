// Starting a worker process: spawn, connect, wait until it is ready.
#include "app/start_worker.h"

#include <cctype>
#include <csignal>
#include <memory>
#include <optional>

#include "base/log.h"
#include "engine/open_remote.h"
#include "platform/child_process.h"
#include "platform/paths.h"

namespace hearth::app {
namespace {

constexpr std::chrono::seconds kPatience{3};

/// Ends the process when the last owner goes: it leaves by itself once its connection is closed.
std::shared_ptr<platform::ChildProcess> keep(platform::ChildProcess child,
                                             const std::string& model) {
  auto process = std::make_shared<platform::ChildProcess>(std::move(child));
  return {process.get(), [process, model](platform::ChildProcess*) {
            const std::string end = process->finish(kPatience);
            log_info("app", "the worker of {} has ended: {}", model, end);
          }};
}

/// Whether somebody else killed the worker.
bool was_killed(const std::weak_ptr<platform::ChildProcess>& worker) {
  const auto process = worker.lock();
  return process && process->ended_by(SIGKILL, std::chrono::seconds(1));
}

std::vector<std::string> arguments(const engine::EngineOptions& options,
                                   const std::string& log_level) {
  std::vector<std::string> all = {"worker",
                                  "--folder",
                                  options.folder.string(),
                                  "--name",
                                  options.name,
                                  "--context-length",
                                  std::to_string(options.context_length),
                                  "--max-sequences",
                                  std::to_string(options.max_sequences),
                                  "--tokens-per-step",
                                  std::to_string(options.tokens_per_step),
                                  "--kv-mib",
                                  std::to_string(options.kv_bytes >> 20),
                                  "--max-waiting",
                                  std::to_string(options.max_waiting),
                                  "--token-interval",
                                  std::to_string(options.token_interval_ms),
                                  "--prefix-cache",
                                  options.prefix_cache ? "true" : "false",
                                  "--batch-invariant",
                                  options.batch_invariant ? "true" : "false",
                                  "--measure-steps",
                                  options.measure_steps ? "true" : "false",
                                  "--step-times",
                                  options.step_times.string(),
                                  "--prompts",
                                  options.prompts.string(),
                                  "--prompts-mib",
                                  std::to_string(options.prompts_bytes >> 20),
                                  "--log-level",
                                  log_level};
  if (options.kv_bits) all.insert(all.end(), {"--kv-bits", std::to_string(*options.kv_bits)});
  for (const engine::AdapterSource& adapter : options.adapters)
    all.insert(all.end(), {"--adapter", adapter.name + "=" + adapter.folder.string()});
  return all;
}

std::optional<std::uint32_t> kv_bits(const services::Settings& settings) {
  if (settings.kv_cache == "auto") return {};
  if (settings.kv_cache == "16-bit") return 16;
  if (settings.kv_cache == "8-bit") return 8;
  return settings.kv_cache == "4-bit" ? 4 : 0;
}

/// The worker's refusal for those who ask the server: it names the model, and a file that its
/// folder lacks is damage, not a model that nobody knows.
Error refusal(const services::ModelEntry& model, Error error) {
  if (error.code == ErrorCode::NotFound) error.code = ErrorCode::CorruptData;
  if (error.message.starts_with("load ")) return error;
  return std::move(error).context(fmt::format("load {}", model.id));
}

/// The name of a model as one of a file.
std::string file_name(std::string model) {
  for (char& letter : model)
    if (!std::isalnum(static_cast<unsigned char>(letter)) && letter != '.' && letter != '-')
      letter = '_';
  return model + ".json";
}

}  // namespace

engine::EngineOptions engine_options(const services::Settings& settings,
                                     const services::Adapters& adapters,
                                     const services::ModelEntry& model,
                                     const services::Preset& preset) {
  std::vector<engine::AdapterSource> sources;
  for (const services::AdapterEntry& adapter : adapters.of(model.id))
    sources.push_back({.name = adapter.name, .folder = adapter.folder});
  return {.folder = model.folder,
          .name = model.id,
          .context_length =
              preset.context_length.value_or(static_cast<std::uint32_t>(settings.context_length)),
          .kv_bits = kv_bits(settings),
          .max_sequences = static_cast<std::uint32_t>(settings.max_sequences),
          .tokens_per_step = static_cast<std::uint32_t>(settings.tokens_per_step),
          .kv_bytes = static_cast<std::uint64_t>(settings.kv_mib) << 20,
          .max_waiting = static_cast<std::uint32_t>(settings.max_waiting),
          .token_interval_ms = static_cast<std::uint32_t>(settings.token_interval_ms),
          .prefix_cache = settings.prefix_cache,
          .batch_invariant = settings.batch_invariant,
          .step_times = platform::hearth_home() / "cache" / "step-times" / file_name(model.id),
          .adapters = std::move(sources),
          .prompts = platform::hearth_home() / "prompts",
          .prompts_bytes = static_cast<std::uint64_t>(settings.saved_prompts_mib) << 20};
}

namespace {

/// A server has idle moments in which its workers can learn what steps take.
engine::EngineOptions worker_options(const services::Settings& settings,
                                     const services::Adapters& adapters,
                                     const services::ModelEntry& model,
                                     const services::Preset& preset) {
  engine::EngineOptions options = engine_options(settings, adapters, model, preset);
  options.measure_steps = true;
  return options;
}

}  // namespace

services::StartWorker worker_starter(const services::Settings& settings,
                                     const services::Adapters& adapters,
                                     const services::Shelf& shelf) {
  return
      [settings, &adapters, &shelf](const services::LoadOrder& order) -> Result<services::Worker> {
        const services::ModelEntry& model = order.model;
        engine::EngineOptions options =
            worker_options(settings, adapters, model, shelf.of(model.id).preset);
        if (order.kv_bytes > 0) options.kv_bytes = order.kv_bytes;
        auto child = TRY(platform::ChildProcess::spawn(platform::program_file().string(),
                                                       arguments(options, settings.log_level)));
        const int socket = child.take_socket();
        const pid_t process = child.pid();
        const auto kept = keep(std::move(child), model.id);
        services::Worker worker{.lifetime = kept,
                                .process = process,
                                .killed = [weak = std::weak_ptr(kept)] { return was_killed(weak); },
                                .engine = nullptr};
        order.stop->arm([process] { ::kill(process, SIGKILL); });
        auto engine = engine::open_remote(socket, order.progress, order.on_lost);
        order.stop->disarm();
        if (!engine) return fail(refusal(model, std::move(engine).error()));
        worker.engine = std::move(*engine);
        return worker;
      };
}

}  // namespace hearth::app
