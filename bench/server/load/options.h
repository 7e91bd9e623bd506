// The command line of the load client.
#pragma once

#include <CLI/CLI.hpp>

#include "load/workloads.h"

namespace hearth::load {

/// Adds every workload as a subcommand; the chosen one runs and sets `out`. All arguments must
/// outlive the parse.
struct CommandLine {
  Target target;
  PromptSource source;
  json::object out;

  explicit CommandLine(CLI::App& app);

 private:
  void add_closed(CLI::App& app);
  void add_open(CLI::App& app);
  void add_prefix(CLI::App& app);
  void add_agent(CLI::App& app);
  void add_admission(CLI::App& app);

  ClosedLoop closed_;
  OpenLoop open_;
  SharedPrefix prefix_;
  AgentTrace agent_;
  Admission admission_;
};

}  // namespace hearth::load
