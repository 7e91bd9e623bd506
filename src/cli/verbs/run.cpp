// hearth run MODEL [PROMPT]: ask a model, or talk with it.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <unistd.h>

#include "app/open_library.h"
#include "app/server.h"
#include "app/start_worker.h"
#include "base/log.h"
#include "cli/answer_printer.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/line_input.h"
#include "cli/setting_flags.h"
#include "engine/open_local.h"
#include "platform/paths.h"

namespace hearth::cli {
namespace {

struct RunInput {
  std::string model;
  std::vector<std::string> words;  // of the prompt
  RunOptions options;
  bool as_json = false;
  bool think = false;
  bool no_think = false;
};

std::string_view reason_word(engine::FinishReason reason) {
  return reason == engine::FinishReason::Stop || reason == engine::FinishReason::StopString
             ? "stop"
             : "length";
}

std::string to_json(const ChatSession& session, const Answer& answer) {
  json::object out{{"model", session.model().name}, {"content", answer.text}};
  if (!answer.reasoning.empty()) out["reasoning_content"] = answer.reasoning;
  out["finish_reason"] = answer.stopped ? "interrupted" : reason_word(answer.finished.reason);
  out["usage"] = json::object{{"prompt_tokens", answer.finished.usage.prompt_tokens},
                              {"completion_tokens", answer.finished.usage.completion_tokens}};
  out["timings"] = json::object{{"prompt_ms", answer.finished.timings.prompt_ms},
                                {"predicted_ms", answer.finished.timings.decode_ms}};
  return base::write_json(out);
}

Result<void> ask_once(ChatSession& session, const std::string& prompt, bool as_json) {
  AnswerPrinter print;
  const auto answer = TRY(session.ask(prompt, [&](const engine::TextDelta& delta) {
    if (!as_json) print(delta);
  }));
  if (as_json)
    fmt::print("{}\n", to_json(session, answer));
  else
    print.end();
  if (answer.stopped) throw CLI::RuntimeError(kInterrupted);
  return {};
}

void print_help() {
  fmt::print(
      "/clear          start anew\n/system TEXT    set the system prompt and start anew\n"
      "/help           this list\n/bye            leave (as does Ctrl-D)\n"
      "Ctrl-C stops an answer. End a line with \\ or open a block with \"\"\" to write several "
      "lines.\n");
}

/// @returns false to leave.
bool command(ChatSession& session, const std::string& text) {
  if (text == "/bye" || text == "/exit" || text == "/quit") return false;
  if (text == "/clear") {
    session.clear();
    fmt::print("Starting anew.\n");
  } else if (text.starts_with("/system ")) {
    session.set_system(text.substr(8));
    fmt::print("The system prompt is set; starting anew.\n");
  } else {
    print_help();
  }
  return true;
}

void print_rate(const Answer& answer) {
  const auto& [queue, prompt, decode] = answer.finished.timings;
  if (decode > 0)
    fmt::print("\x1b[2m{} tokens, {:.0f} tokens/s, first after {:.0f} ms\x1b[0m\n",
               answer.finished.usage.completion_tokens,
               answer.finished.usage.completion_tokens * 1000.0 / decode, queue + prompt);
}

Result<void> talk(ChatSession& session) {
  fmt::print("{} is ready. Say something, or /help. Ctrl-D leaves.\n", session.model().name);
  LineInput input(platform::hearth_home() / "history");
  while (const auto text = input.message()) {
    interrupted();  // a Ctrl-C at the prompt only drops the line
    if (text->find_first_not_of(" \t\n") == std::string::npos) continue;
    if (text->starts_with('/')) {
      if (!command(session, *text)) break;
      continue;
    }
    AnswerPrinter print;
    const auto answer = session.ask(*text, [&](const engine::TextDelta& delta) { print(delta); });
    print.end();
    if (!answer)
      fmt::print(stderr, "hearth: {}\n", answer.error().message);
    else if (!answer->stopped)
      print_rate(*answer);
  }
  return {};
}

std::string prompt_of(const RunInput& input) {
  std::string prompt;
  for (const std::string& word : input.words) prompt += (prompt.empty() ? "" : " ") + word;
  if (::isatty(STDIN_FILENO)) return prompt;
  const std::string piped(std::istreambuf_iterator<char>(std::cin), {});
  if (piped.empty()) return prompt;
  return prompt.empty() ? piped : prompt + "\n\n" + piped;
}

Result<void> run(const GivenFlags& flags, RunInput input) {
  const auto settings = TRY(settings_from(flags));
  base::start_log(base::log_level(settings.log_level == "info" ? "warn" : settings.log_level)
                      .value_or(base::LogLevel::Warn));
  if (input.think || input.no_think) input.options.think = input.think;
  app::OpenLibrary shelf(settings);
  services::Library& library = shelf.library();
  const auto model = TRY(app::find_model(library, input.model));
  const std::string prompt = prompt_of(input);
  const bool interactive = prompt.empty() && ::isatty(STDIN_FILENO) != 0;
  if (prompt.empty() && !interactive)
    return fail(ErrorCode::InvalidArgument,
                "there is no prompt: write one behind the model, or pipe one in");
  if (interactive && input.as_json)
    return fail(ErrorCode::InvalidArgument, "--json needs a prompt: a talk is not JSON");
  services::Adapters adapters;
  TRY(app::find_adapters(library, settings, model.id, adapters));
  const auto database = shelf.database();
  input.options.preset = services::Shelf(database ? *database : nullptr).of(model.id).preset;
  auto engine =
      TRY(engine::open_local(app::engine_options(settings, adapters, model, input.options.preset)));
  ChatSession session(std::move(engine), input.options);
  catch_interrupts();  // from here on: Ctrl-C while the model loads ends the program
  return interactive ? talk(session) : ask_once(session, prompt, input.as_json);
}

}  // namespace

void add_run(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("run", "Ask a model, or talk with it");
  const auto input = std::make_shared<RunInput>();
  verb->add_option("MODEL", input->model, "Name or folder")->required();
  verb->add_option("PROMPT", input->words, "What to ask; without it you talk with the model");
  verb->add_option("--system", input->options.system, "System prompt")->type_name("TEXT");
  verb->add_option("--temperature", input->options.sampling.temperature,
                   "0 always takes the likeliest token")
      ->check(CLI::Range(0.0, 2.0));
  verb->add_option("--top-p", input->options.sampling.top_p,
                   "Draw from the likeliest tokens that make up this share")
      ->check(CLI::Range(1e-9, 1.0));
  verb->add_option("--seed", input->options.sampling.seed, "Same seed, same answer")
      ->type_name("NUMBER");
  verb->add_option("--max-tokens", input->options.max_tokens,
                   "Longest answer [the rest of the context]")
      ->type_name("NUMBER")
      ->check(CLI::PositiveNumber);
  verb->add_option("--lora", input->options.adapters, "Adapters that answer (see --adapter)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_flag("--think", input->think, "Let the model think first, where it can");
  verb->add_flag("--no-think", input->no_think, "Let it answer at once")->excludes("--think");
  verb->add_flag("--json", input->as_json, "Print the answer as JSON with its statistics");
  const auto flags = add_setting_flags(*verb, {"models.folders", "engine.", "log.level"});
  verb->callback([flags, input] { finish(run(*flags, *input)); });
}

}  // namespace hearth::cli
