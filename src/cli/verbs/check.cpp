// hearth check MODEL: prove a model's files, and fetch anew what is wrong.
#include <algorithm>

#include "app/open_hub.h"
#include "app/open_library.h"
#include "app/server.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/pull_display.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "hub/snapshot.h"
#include "services/library/check_model.h"

namespace hearth::cli {
namespace {

using Files = std::vector<services::CheckedFile>;

bool is_faulty(const services::CheckedFile& file) {
  return !file.fault.empty();
}

void print(const services::ModelEntry& model, const Files& files) {
  std::uint64_t bytes = 0;
  std::size_t proven = 0;
  for (const auto& file : files) {
    bytes += file.bytes;
    proven += file.proven ? 1U : 0U;
    if (is_faulty(file))
      fmt::print("  {}{}{}\n", file.path, file.path.empty() ? "" : " ", file.fault);
  }
  const auto faults = std::ranges::count_if(files, is_faulty);
  fmt::print("{}: {} files, {}; {} proven by their hashes, {}\n", model.id, files.size(),
             size_text(bytes), proven, faults == 0 ? "nothing is wrong" : "not all is well");
}

/// Fetches the revision that lies here: what is whole is not asked for.
Result<void> repair(const services::ModelEntry& model, const Files& files,
                    const std::function<bool()>& go_on) {
  if (model.place != services::ModelPlace::HubCache)
    return fail(ErrorCode::InvalidArgument,
                "{} does not lie in the Hub's cache: nobody knows where it comes from. Copy it "
                "anew to {}",
                model.id, model.folder.string());
  const app::OpenHub hub;
  const auto places = TRY(hub.access().places());
  const hub::SnapshotRequest wanted{.repository = model.id,
                                    .revision = model.folder.filename().string()};
  TRY(hub::plan_snapshot(places, wanted, go_on));  // while nobody answers nothing is dropped
  TRY(services::drop_faulty(model, files));
  const auto display = pull_display(false);
  const auto plan = TRY(hub::plan_snapshot(places, wanted, go_on));
  display->planned(plan);
  const auto snapshot =
      TRY(hub::fetch_snapshot(places, plan, {}, [&](const hub::Progress& progress) {
        display->progress(progress);
        return go_on();
      }));
  display->done(plan, snapshot);
  return {};
}

Result<void> check(const GivenFlags& flags, const std::string& name, bool and_repair) {
  app::OpenLibrary shelf(TRY(settings_from(flags)));
  const auto model = TRY(app::find_model(shelf.library(), name));
  catch_interrupts();
  bool stopped = false;
  const auto go_on = [&stopped] { return !(stopped = stopped || interrupted()); };
  const auto files = services::check_model(model, [&](std::uint64_t) { return go_on(); });
  if (!files && files.error().code == ErrorCode::Cancelled) throw CLI::RuntimeError(kInterrupted);
  if (!files) return fail(files.error());
  print(model, *files);
  if (std::ranges::none_of(*files, is_faulty)) return {};
  if (and_repair) return repair(model, *files, go_on);
  return fail(ErrorCode::CorruptData,
              "{} is not whole: hearth check {} --repair fetches what is "
              "wrong, and that alone",
              model.id, model.id);
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("check", "Prove the files of a model by their hashes");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto name = std::make_shared<std::string>();
  const auto and_repair = std::make_shared<bool>(false);
  verb->add_option("MODEL", *name, "Name or folder")->required();
  verb->add_flag("--repair", *and_repair, "Fetch from the Hub what is wrong or missing");
  verb->callback([flags, name, and_repair] { finish(check(*flags, *name, *and_repair)); });
}

}  // namespace hearth::cli
