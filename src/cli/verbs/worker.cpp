// hearth worker: one loaded model, for the server that started this process. Not for people.
#include <memory>

#include "base/log.h"
#include "cli/cli.h"
#include "engine/open_remote.h"
#include "platform/child_process.h"
#include "services/library/adapters.h"

namespace hearth::cli {

void add_worker(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("worker", "One loaded model (the server starts these)")->group("");
  const auto options = std::make_shared<engine::EngineOptions>();
  const auto kv_mib = std::make_shared<std::uint64_t>(0);
  verb->add_option("--folder", options->folder)->required();
  verb->add_option("--name", options->name)->required();
  verb->add_option("--context-length", options->context_length);
  options->kv_bits.reset();  // chosen by the machine unless it is given
  verb->add_option("--kv-bits", options->kv_bits);
  verb->add_option("--max-sequences", options->max_sequences);
  verb->add_option("--tokens-per-step", options->tokens_per_step);
  verb->add_option("--max-waiting", options->max_waiting);
  verb->add_option("--token-interval", options->token_interval_ms);
  verb->add_option("--prefix-cache", options->prefix_cache);
  verb->add_option("--batch-invariant", options->batch_invariant);
  verb->add_option("--measure-steps", options->measure_steps);
  verb->add_option("--step-times", options->step_times);
  const auto adapters = std::make_shared<std::vector<std::string>>();
  verb->add_option("--adapter", *adapters)->allow_extra_args(false);
  const auto level = std::make_shared<std::string>("info");
  verb->add_option("--kv-mib", *kv_mib);
  verb->add_option("--log-level", *level);
  verb->add_option("--prompts", options->prompts);
  const auto prompts_mib = std::make_shared<std::uint64_t>(0);
  verb->add_option("--prompts-mib", *prompts_mib);
  verb->callback([options, kv_mib, prompts_mib, level, adapters] {
    base::start_log(base::log_level(*level).value_or(base::LogLevel::Info));
    options->kv_bytes = *kv_mib << 20;
    options->prompts_bytes = *prompts_mib << 20;
    for (const std::string& text : *adapters) {
      const auto adapter = services::parse_adapter(text);
      if (!adapter) throw CLI::ValidationError("--adapter", adapter.error().message);
      options->adapters.push_back({.name = adapter->name, .folder = adapter->folder});
    }
    const int status = engine::run_worker(platform::ChildProcess::kSocket, *options);
    if (status != 0) throw CLI::RuntimeError(status);
  });
}

}  // namespace hearth::cli
