// One subcommand for each question.
#include "engine_bench/options.h"

namespace hearth::engine_bench {

CommandLine::CommandLine(CLI::App& app) {
  app.description("Runs a model as the engine does, without a server, and prints JSON.");
  app.require_subcommand(1);
  app.set_version_flag("--version", "hearth " HEARTH_VERSION);
  add_speed(app);
  add_distributions(app);
}

void CommandLine::add_speed(CLI::App& app) {
  speed_.chunk = usual_chunk();
  CLI::App* verb = app.add_subcommand("speed", "How fast it reads and writes");
  const auto list = [&](const char* name, std::vector<int>& values, const char* help) {
    verb->add_option(name, values, help)->delimiter(',')->check(CLI::NonNegativeNumber);
  };
  const auto number = [&](const char* name, int& value, const char* help) {
    verb->add_option(name, value, help)->check(CLI::PositiveNumber)->capture_default_str();
  };
  verb->add_option("folder", speed_.folder, "The model")->required();
  list("--prompts", speed_.prompts, "Prompts to read, in tokens: 512,2048");
  list("--depths", speed_.depths, "Where one stream decodes: 0,2048");
  list("--streams", speed_.streams, "How many decode together: 2,4,8,16,32");
  number("--stream-prompt", speed_.stream_prompt, "Tokens before each of these");
  number("--tokens", speed_.tokens, "Steps of a measurement");
  number("--repeats", speed_.repeats, "Of every measurement");
  verb->add_flag("!--no-warm-up", speed_.warm_up, "Count the first one, too");
  number("--chunk", speed_.chunk, "Tokens of a prompt in one step");
  verb->add_option("--kv-bits", speed_.kv_bits,
                   "Of keys and values: 16, 8, 4; 0: as they are; not given: as a server does");
  verb->add_flag("--roofs", speed_.roofs, "Measure what the machine can do, too");
  verb->callback([this] { out = measure_speed(speed_); });
}

void CommandLine::add_distributions(CLI::App& app) {
  DistributionOptions& wanted = distributions_;
  CLI::App* verb = app.add_subcommand("distributions", "What it says of a text's next tokens");
  verb->add_option("folder", wanted.folder, "The model")->required();
  verb->add_option("--text", wanted.text, "File of documents")->required();
  verb->add_option("--out", wanted.out, "Where logarithms of probabilities go")->required();
  verb->add_option("--separator", wanted.separator, "Between documents")->capture_default_str();
  verb->add_option("--begin", wanted.begin, "Count only tokens behind this text");
  verb->add_option("--end", wanted.end, "and up to and with this one");
  verb->add_option("--window", wanted.window, "Tokens read together")->check(CLI::PositiveNumber);
  verb->add_option("--chunk", wanted.chunk, "of them in one step")->check(CLI::PositiveNumber);
  verb->add_option("--most", wanted.most, "Tokens that count")->check(CLI::PositiveNumber);
  verb->add_option("--kv-bits", wanted.kv_bits, "Of keys and values: 16, 8, 4; 0: as they are");
  verb->add_flag("--unpacked", wanted.unpacked, "Unpack the weights to float32 first");
  verb->callback([this] { out = write_distributions(distributions_); });
}

}  // namespace hearth::engine_bench
