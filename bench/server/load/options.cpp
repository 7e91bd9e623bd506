// One subcommand for each workload.
#include "load/options.h"

namespace hearth::load {

CommandLine::CommandLine(CLI::App& app) {
  app.description("Asks a server for completions of token ids and prints figures as JSON.");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--host", target.host, "Address of the server");
  app.add_option("--port", target.port, "Port of the server")->required();
  app.add_option("--model", target.model, "Name of the model")->required();
  app.add_option("--characters-per-token", target.characters_per_token,
                 "Length of every token's text; 0: unknown, an event is a token");
  app.add_option("--seed", source.seed, "Of prompts and arrivals");
  app.add_option("--first-id", source.first_id, "Smallest id in prompts");
  app.add_option("--last-id", source.last_id, "One more than the greatest id in prompts");
  add_closed(app);
  add_open(app);
  add_prefix(app);
  add_agent(app);
  add_admission(app);
}

void CommandLine::add_closed(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("closed", "A fixed number of clients");
  verb->add_option("--concurrency", closed_.concurrency)->check(CLI::PositiveNumber);
  verb->add_option("--requests", closed_.requests)->check(CLI::PositiveNumber);
  verb->add_option("--seconds", closed_.seconds, "Begin no request later");
  verb->add_option("--input", closed_.input, "Prompt tokens");
  verb->add_option("--output", closed_.output, "Tokens of the answer");
  verb->add_flag("!--whole", closed_.stream, "Do not stream");
  verb->callback([this] { out = run_closed_loop(target, source, closed_); });
}

void CommandLine::add_open(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("open", "Requests at random times");
  verb->add_option("--rate", open_.rate, "Requests per second")->check(CLI::PositiveNumber);
  verb->add_option("--requests", open_.requests)->check(CLI::PositiveNumber);
  verb->add_option("--input", open_.input, "Prompt tokens");
  verb->add_option("--output", open_.output, "Tokens of the answer");
  verb->add_option("--good-ttft-ms", open_.goodput.ttft_ms);
  verb->add_option("--good-tpot-ms", open_.goodput.tpot_ms);
  verb->callback([this] { out = run_open_loop(target, source, open_); });
}

void CommandLine::add_prefix(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("prefix", "A shared beginning, cold and again");
  verb->add_option("--shared", prefix_.shared, "Tokens of the beginning");
  verb->add_option("--suffix", prefix_.suffix, "Tokens after it");
  verb->add_option("--output", prefix_.output, "Tokens of the answer");
  verb->add_option("--hits", prefix_.hits, "One by one");
  verb->add_option("--together", prefix_.together, "At once");
  verb->add_option("--rounds", prefix_.rounds, "Beginnings")->check(CLI::PositiveNumber);
  verb->callback([this] { out = run_shared_prefix(target, source, prefix_); });
}

void CommandLine::add_agent(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("agent", "Turns with tool results and two sub-agents");
  verb->add_option("--system", agent_.system, "Tokens of the system prompt");
  verb->add_option("--result", agent_.result, "Tokens of a tool result");
  verb->add_option("--output", agent_.output, "Tokens of an answer");
  verb->add_option("--turns", agent_.turns)->check(CLI::PositiveNumber);
  verb->callback([this] { out = run_agent_trace(target, source, agent_); });
}

void CommandLine::add_admission(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("admission", "A long prompt while others decode");
  verb->add_option("--streams", admission_.streams)->check(CLI::PositiveNumber);
  verb->add_option("--newcomer", admission_.newcomer, "Tokens of the long prompt");
  verb->add_option("--input", admission_.input, "Prompt tokens of the streams");
  verb->add_option("--output", admission_.output, "Tokens the streams may make");
  verb->callback([this] { out = run_admission(target, source, admission_); });
}

}  // namespace hearth::load
