// The command line: one verb per file under verbs/.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "base/result.h"

namespace hearth::cli {

/// Runs `hearth` with the given arguments. Exit status: 0 done, 1 it failed (the reason stands on
/// standard error), 2 the command line was wrong, 130 ended by Ctrl-C.
int run(int argc, char** argv);

/// The verbs. Each adds its subcommand; its callback throws nothing and ends with finish().
void add_serve(CLI::App& app);
void add_run(CLI::App& app);
void add_search(CLI::App& app);
void add_recommend(CLI::App& app);
void add_pull(CLI::App& app);
void add_login(CLI::App& app);
void add_logout(CLI::App& app);
void add_whoami(CLI::App& app);
void add_test(CLI::App& app);
void add_convert(CLI::App& app);
void add_jobs(CLI::App& app);
void add_compare(CLI::App& app);
void add_list(CLI::App& app);
void add_show(CLI::App& app);
void add_rm(CLI::App& app);
void add_alias(CLI::App& app);
void add_favourite(CLI::App& app);
void add_note(CLI::App& app);
void add_preset(CLI::App& app);
void add_check(CLI::App& app);
void add_du(CLI::App& app);
void add_export(CLI::App& app);
void add_import(CLI::App& app);
void add_ps(CLI::App& app);
void add_load(CLI::App& app);
void add_unload(CLI::App& app);
void add_pin(CLI::App& app);
void add_doctor(CLI::App& app);
void add_version(CLI::App& app);
void add_completions(CLI::App& app);
void add_worker(CLI::App& app);
void add_job(CLI::App& app);

/// Exit status of a verb that Ctrl-C ended: 128 and the signal's number, as shells have it.
inline constexpr int kInterrupted = 130;

/// Ends the verb: nothing for success, else the reason on standard error and exit status 1.
void finish(const Result<void>& result);

}  // namespace hearth::cli
