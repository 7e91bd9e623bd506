// hearth-engine-bench: a model without a server, measured.
#include <cstdio>

#include "engine_bench/options.h"

int main(int argc, char** argv) {
  CLI::App app;
  hearth::engine_bench::CommandLine line(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault);
  }
  if (!*line.out) {
    fmt::print(stderr, "hearth-engine-bench: {}\n", line.out->error().message);
    return 1;
  }
  fmt::print("{}\n", hearth::base::write_json(**line.out));
  return 0;
}
