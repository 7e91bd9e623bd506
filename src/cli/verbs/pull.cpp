// hearth pull ORG/NAME: fetch a model from the Hub, or go on with one.
#include "app/open_hub.h"
#include "base/log.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/pull_display.h"
#include "cli/setting_flags.h"
#include "hub/hub_client.h"
#include "hub/snapshot.h"
#include "services/library/remote_need.h"
#include "services/pool/memory_budget.h"

namespace hearth::cli {
namespace {

struct PullInput {
  hub::SnapshotRequest request;
  std::uint64_t budget = 0;  ///< that models may take here
  bool as_json = false;
  bool no_partial = false;
};

hub::DownloadOptions download_options(const services::Settings& settings, bool keep_partial) {
  hub::DownloadOptions options;
  options.connections = settings.connections;
  options.bytes_per_s = static_cast<std::uint64_t>(settings.limit_rate_kib) * 1024;
  options.keep_partial = keep_partial;
  return options;
}

/// Whether it will run here; nothing where its config cannot tell.
void tell_fit(const hub::Places& places, const hub::SnapshotPlan& plan, std::uint64_t budget,
              const std::function<bool()>& go_on) {
  std::uint64_t weights = 0;
  for (const hub::WantedFile& file : plan.files)
    if (services::holds_weights(file.path)) weights += file.bytes;
  if (weights == 0) return;
  hub::HubClient hub(places, go_on);
  const auto need = services::remote_need(hub, plan.repository, plan.commit, weights);
  if (need) fmt::print("This machine: {}\n", services::describe(services::fit(*need, budget)));
}

/// Plans, fetches and shows it. @param go_on  false once Ctrl-C was pressed
Result<void> fetch(const PullInput& input, const hub::DownloadOptions& options,
                   PullDisplay& display, const std::function<bool()>& go_on) {
  const app::OpenHub hub;
  const auto places = TRY(hub.access().places());
  const auto plan = TRY(hub::plan_snapshot(places, input.request, go_on));
  display.planned(plan);
  if (!input.as_json && plan.missing > 0) tell_fit(places, plan, input.budget, go_on);
  const auto snapshot =
      TRY(hub::fetch_snapshot(places, plan, options, [&](const hub::Progress& progress) {
        display.progress(progress);
        return go_on();
      }));
  display.done(plan, snapshot);
  return {};
}

Result<void> pull(const GivenFlags& flags, PullInput input) {
  const auto settings = TRY(settings_from(flags));
  input.budget = TRY(services::memory_budget(settings));
  const auto display = pull_display(input.as_json);
  catch_interrupts();
  bool stopped = false;
  const auto go_on = [&stopped] { return !(stopped = stopped || interrupted()); };
  const auto options = download_options(settings, !input.no_partial);
  auto result = fetch(input, options, *display, go_on);
  if (result) return {};
  if (result.error().code == ErrorCode::Cancelled) {
    display->stopped(input.request.repository, options.keep_partial);
    throw CLI::RuntimeError(kInterrupted);
  }
  display->failed(result.error());
  return fail_in("pull " + input.request.repository, std::move(result).error());
}

}  // namespace

void add_pull(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("pull", "Fetch a model from the Hub, or go on with one");
  const auto input = std::make_shared<PullInput>();
  auto& [repository, revision, patterns] = input->request;
  verb->add_option("MODEL", repository, "ORG/NAME, as in Qwen/Qwen3-0.6B")->required();
  verb->add_option("--revision", revision, "Branch, tag or commit [main]")->type_name("TEXT");
  verb->add_option("--include", patterns.include,
                   "Only files that match, as in \"*.safetensors\" [what a model needs]")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  verb->add_option("--exclude", patterns.exclude, "No files that match")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  verb->add_flag("--no-partial", input->no_partial,
                 "On Ctrl-C remove what is not whole, instead of keeping it for the next time");
  verb->add_flag("--json", input->as_json, "Print JSON, a line for each step");
  const auto flags = add_setting_flags(
      *verb, {"downloads.connections", "downloads.limit_rate_kib", "pool.memory"});
  verb->callback([flags, input] { finish(pull(*flags, *input)); });
}

}  // namespace hearth::cli
