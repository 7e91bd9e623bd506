// hearth jobs: what a running server converts, and orders about it.
#include <cstdio>

#include "base/json.h"
#include "cli/call_server.h"
#include "cli/cli.h"
#include "cli/queue_conversions.h"
#include "cli/setting_flags.h"
#include "http/url.h"

namespace hearth::cli {
namespace {

constexpr const char* kAll = "/admin/api/conversions";

struct JobsInput {
  std::string order = "list";
  std::vector<std::string> ids;
  bool remove_partial = false;
  bool as_json = false;
};

Result<void> list(const services::Settings& settings, bool as_json) {
  const auto answer = TRY(get_from_server(settings, kAll));
  const auto* conversions =
      answer.is_object() ? answer.get_object().if_contains("conversions") : nullptr;
  const std::string text = TRY(conversions_text(answer));
  if (as_json)
    fmt::print("{}\n", base::write_json(*conversions));
  else if (conversions->as_array().empty())
    fmt::print("Nothing is converted. hearth convert MODEL --queue begins with it.\n");
  else
    fmt::print("{}", text);
  return {};
}

Result<void> give(const services::Settings& settings, const JobsInput& input,
                  const std::string& id) {
  const std::string path = fmt::format("{}/{}", kAll, http::percent_encoded(id));
  if (input.order == "rm") {
    TRY(delete_on_server(settings, path));
    fmt::print("{} is gone from the list.\n", id);
  } else if (input.order == "cancel") {
    TRY(post_to_server(settings,
                       path + (input.remove_partial ? "/cancel?partial=remove" : "/cancel"), {}));
    fmt::print("{} is cancelled.\n", id);
  } else if (input.order == "retry") {
    TRY(post_to_server(settings, path + "/retry", {}));
    fmt::print("{} waits for its turn.\n", id);
  } else {
    TRY(post_to_server(settings, path + "/move", {{"place", 0}}));
    fmt::print("{} is next.\n", id);
  }
  return {};
}

Result<void> jobs(const GivenFlags& flags, const JobsInput& input) {
  const auto settings = TRY(settings_from(flags));
  if (input.order == "list") return list(settings, input.as_json);
  if (input.ids.empty())
    return fail(ErrorCode::InvalidArgument, "hearth jobs {} needs an id: hearth jobs shows them",
                input.order);
  for (const std::string& id : input.ids) TRY(give(settings, input, id));
  return {};
}

}  // namespace

void add_jobs(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("jobs", "Show or order what a running server converts");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port"});
  const auto input = std::make_shared<JobsInput>();
  verb->add_option("ORDER", input->order,
                   "list; or cancel, retry, rm (from the list), first (in the queue), with ids "
                   "[list]")
      ->check(CLI::IsMember({"list", "cancel", "retry", "rm", "first"}));
  verb->add_option("ID", input->ids, "As the list shows them");
  verb->add_flag("--remove-partial", input->remove_partial,
                 "With cancel: remove what is finished; a retry begins anew");
  verb->add_flag("--json", input->as_json, "Print JSON");
  verb->callback([flags, input] { finish(jobs(*flags, *input)); });
}

}  // namespace hearth::cli
