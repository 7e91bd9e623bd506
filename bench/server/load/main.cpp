// hearth-load: puts one workload on a server and prints its figures.
#include <cstdio>
#include <exception>
#include <sys/resource.h>

#include "load/options.h"

namespace {

/// What this program itself took from the machine it shares with the server.
double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app;
  hearth::load::CommandLine line(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault);
  } catch (const std::exception& fault) {
    fmt::print(stderr, "hearth-load: {}\n", fault.what());
    return 1;
  }
  line.out["client_cpu_s"] = cpu_seconds();
  fmt::print("{}\n", hearth::base::write_json(line.out));
  return 0;
}
