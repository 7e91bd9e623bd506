// The tree of verbs, and how a verb ends.
#include "cli/cli.h"

#include <cstdio>

#include "app/server.h"
#include "base/log.h"

namespace hearth::cli {

void finish(const Result<void>& result) {
  if (result) return;
  std::fflush(stdout);
  fmt::print(stderr, "hearth: {}\n", result.error().message);
  throw CLI::RuntimeError(1);
}

int run(int argc, char** argv) {
  CLI::App app{
      "Your own AI server: a model library, an inference server and a web app for MLX models.",
      "hearth"};
  app.set_version_flag("--version", "hearth " + app::version());
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.footer(
      "\nTry:  hearth run demo \"Hello, who are you?\"   ask the small model that comes with "
      "Hearth\n"
      "      hearth serve                            serve it with a web app at "
      "http://127.0.0.1:8000\n"
      "      hearth doctor                           see whether this machine is ready\n");
  add_serve(app);
  add_run(app);
  add_search(app);
  add_recommend(app);
  add_pull(app);
  add_login(app);
  add_logout(app);
  add_whoami(app);
  add_test(app);
  add_convert(app);
  add_jobs(app);
  add_compare(app);
  add_list(app);
  add_show(app);
  add_rm(app);
  add_alias(app);
  add_favourite(app);
  add_note(app);
  add_preset(app);
  add_check(app);
  add_du(app);
  add_export(app);
  add_import(app);
  add_ps(app);
  add_load(app);
  add_unload(app);
  add_pin(app);
  add_doctor(app);
  add_version(app);
  add_completions(app);
  add_worker(app);
  add_job(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& end) {
    return end.get_exit_code();
  } catch (const CLI::ParseError& wrong) {
    const int status = app.exit(wrong);
    return status == 0 ? 0 : 2;
  }
}

}  // namespace hearth::cli
