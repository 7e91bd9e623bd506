// hearth version.
#include <cstdio>

#include "app/server.h"
#include "cli/cli.h"

namespace hearth::cli {

void add_version(CLI::App& app) {
  app.add_subcommand("version", "Print the version")->callback([] {
    fmt::print("hearth {}\n", app::version());
  });
}

}  // namespace hearth::cli
