// hearth preset MODEL: what requests to a model get where they say nothing themselves.
#include "app/open_library.h"
#include "app/server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "services/shelf/shelf.h"

namespace hearth::cli {
namespace {

struct PresetInput {
  std::string model;
  services::Preset change;
  std::string keep_alive;
  bool clear = false;
  bool as_json = false;
};

void print(const std::string& model, const services::Preset& preset) {
  if (preset == services::Preset()) {
    fmt::print("{} has no preset: requests that say nothing get the model's own settings.\n",
               model);
    return;
  }
  fmt::print("{}\n", model);
  for (const auto& member : services::write_preset(preset)) {
    const auto& value = member.value();
    fmt::print("  {:<24} {}\n", std::string_view(member.key()),
               value.is_string() ? std::string(value.get_string()) : base::write_json(value));
  }
}

Result<void> preset(const GivenFlags& flags, PresetInput input) {
  if (!input.keep_alive.empty())
    input.change.keep_alive = TRY_IN("--keep-alive", services::parse_keep_alive(input.keep_alive));
  app::OpenLibrary library(TRY(settings_from(flags)));
  services::Shelf shelf(TRY(library.database()));
  const auto model = TRY(library.library().resolve(input.model));
  TRY(services::read_preset(services::write_preset(input.change)));
  services::Preset now = shelf.of(model.id).preset;
  if (input.clear || input.change != services::Preset())
    now = TRY(shelf.change(model.id, [&](services::ModelSettings& settings) {
            if (input.clear) settings.preset = {};
            settings.preset = services::changed(settings.preset, input.change);
          })).preset;
  if (input.as_json)
    fmt::print("{}\n", base::write_json(services::write_preset(now)));
  else
    print(model.id, now);
  return {};
}

}  // namespace

void add_preset(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "preset", "Set what requests to a model get where they say nothing themselves, or show it");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto input = std::make_shared<PresetInput>();
  services::Preset& change = input->change;
  verb->add_option("MODEL", input->model, "Name of a model on this machine")->required();
  verb->add_option("--system", change.system, "System prompt of conversations that bring none")
      ->type_name("TEXT");
  const auto number = [&](const char* flag, auto& target, const char* help) {
    verb->add_option(flag, target, help)->type_name("NUMBER");
  };
  number("--temperature", change.temperature, "0 always takes the likeliest token");
  number("--top-p", change.top_p, "Draw from the likeliest tokens that make up this share");
  number("--top-k", change.top_k, "Draw from so many of the likeliest; 0: from all");
  number("--min-p", change.min_p, "Leave out tokens less likely than this share of the likeliest");
  number("--typical-p", change.typical_p, "Draw from the most typical that make up this share");
  number("--top-n-sigma", change.top_n_sigma,
         "Leave out tokens so many standard deviations below the likeliest; 0: none");
  number("--xtc-probability", change.xtc_probability, "How often the likeliest are left out");
  number("--xtc-threshold", change.xtc_threshold, "Which count as the likeliest for that");
  number("--repetition-penalty", change.repetition_penalty, "1: none");
  number("--presence-penalty", change.presence_penalty, "Subtracted once for a token seen lately");
  number("--frequency-penalty", change.frequency_penalty, "Subtracted each time it was seen");
  number("--repetition-context-size", change.repetition_context_size,
         "Tokens that the penalties look back; -1: all");
  number("--max-tokens", change.max_tokens, "Longest answer");
  number("--context-length", change.context_length,
         "Context that the model is loaded with, from its next load on");
  verb->add_option(
          "--keep-alive", input->keep_alive,
          "How long the model stays in memory without use: 30m, seconds, 0, or -1 for ever")
      ->type_name("TEXT");
  verb->add_flag("--clear", input->clear, "Begin with an empty preset");
  verb->add_flag("--json", input->as_json, "Print JSON");
  verb->callback([flags, input] { finish(preset(*flags, *input)); });
}

}  // namespace hearth::cli
