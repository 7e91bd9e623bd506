// hearth test MODEL: try a model with a prompt or an example, and see how fast it answers.
#include <cstdio>
#include <unistd.h>

#include "app/open_library.h"
#include "app/server.h"
#include "app/start_worker.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/answer_printer.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/example_prompts.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "engine/open_local.h"
#include "platform/machine.h"
#include "platform/paths.h"

namespace hearth::cli {
namespace {

constexpr std::uint32_t kMaxTokens = 512;
constexpr double kSmallestTopP = 1e-9;

struct TestInput {
  std::string model;
  std::vector<std::string> words;  // of the prompt
  std::string example;
  RunOptions options;
  bool as_json = false;
};

double per_second(std::uint32_t tokens, double ms) {
  constexpr double kMsInSecond = 1000.0;
  return ms > 0 ? tokens * kMsInSecond / ms : 0.0;
}

/// Tokens that came after the first one.
std::uint32_t between(const engine::Usage& usage) {
  return usage.completion_tokens > 0 ? usage.completion_tokens - 1 : 0;
}

Result<std::string> prompt_of(const TestInput& input) {
  if (!input.example.empty()) return example_prompt(platform::hearth_home(), input.example);
  std::string prompt;
  for (const std::string& word : input.words) prompt += (prompt.empty() ? "" : " ") + word;
  if (!prompt.empty()) return prompt;
  std::string keys;
  for (const ExamplePrompt& each : TRY(example_prompts(platform::hearth_home())))
    keys += (keys.empty() ? "" : ", ") + each.key;
  return fail(ErrorCode::InvalidArgument,
              "there is no prompt: write one behind the model, or take an example with --example "
              "({})",
              keys);
}

json::object to_json(const ChatSession& session, const Answer& answer, const std::string& prompt) {
  const auto& [queue, prompt_ms, decode_ms] = answer.finished.timings;
  const engine::Usage& usage = answer.finished.usage;
  return {{"model", session.model().name},
          {"prompt", prompt},
          {"content", answer.text},
          {"reasoning_content", answer.reasoning},
          {"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"first_token_ms", queue + prompt_ms},
          {"prompt_tokens_per_second", per_second(usage.prompt_tokens, prompt_ms)},
          {"generation_tokens_per_second", per_second(between(usage), decode_ms)},
          {"peak_memory_bytes", platform::peak_resident_bytes()}};
}

void print_speed(const Answer& answer) {
  const auto& [queue, prompt_ms, decode_ms] = answer.finished.timings;
  const engine::Usage& usage = answer.finished.usage;
  const bool colours = ::isatty(STDOUT_FILENO) != 0;
  fmt::print("{}\nprompt: {} tokens, {:.0f} tokens/s; first token after {:.0f} ms\n",
             colours ? "\x1b[2m" : "", usage.prompt_tokens,
             per_second(usage.prompt_tokens, prompt_ms), queue + prompt_ms);
  fmt::print(
      "answer: {} tokens, {:.1f} tokens/s{}\n", usage.completion_tokens,
      per_second(between(usage), decode_ms),
      answer.finished.reason == engine::FinishReason::Length ? "; cut off by --max-tokens" : "");
  fmt::print("memory: {} at its peak{}\n", size_text(platform::peak_resident_bytes()),
             colours ? "\x1b[0m" : "");
}

Result<void> run(const GivenFlags& flags, TestInput input) {
  const auto settings = TRY(settings_from(flags));
  base::start_log(base::log_level(settings.log_level == "info" ? "warn" : settings.log_level)
                      .value_or(base::LogLevel::Warn));
  const std::string prompt = TRY(prompt_of(input));
  auto& top_p = input.options.sampling.top_p;
  if (top_p) top_p = std::max(*top_p, kSmallestTopP);  // 0: the likeliest token alone
  app::OpenLibrary shelf(settings);
  const auto model = TRY(app::find_model(shelf.library(), input.model));
  const services::Adapters none;
  auto engine = TRY(engine::open_local(app::engine_options(settings, none, model)));
  ChatSession session(std::move(engine), input.options);
  catch_interrupts();
  if (!input.as_json && !input.example.empty()) fmt::print("> {}\n\n", prompt);
  AnswerPrinter print;
  const auto answer = TRY(session.ask(prompt, [&](const engine::TextDelta& delta) {
    if (!input.as_json) print(delta);
  }));
  if (input.as_json) fmt::print("{}\n", base::write_json(to_json(session, answer, prompt)));
  if (!input.as_json) print.end();
  if (answer.stopped) throw CLI::RuntimeError(kInterrupted);
  if (!input.as_json) print_speed(answer);
  return {};
}

void add_options(CLI::App& verb, TestInput& input) {
  RunOptions& options = input.options;
  options.max_tokens = kMaxTokens;
  verb.add_option("MODEL", input.model, "Name or folder")->required();
  auto* words = verb.add_option("PROMPT", input.words, "What to ask");
  verb.add_option("--example", input.example,
                  "Ask an example: simple, rag, creative, technical, multilingual, or what stands "
                  "in example-prompts.json")
      ->type_name("KEY")
      ->excludes(words);
  verb.add_option("--max-tokens", options.max_tokens, "Longest answer, 50 to 2000 [512]")
      ->type_name("NUMBER")
      ->check(CLI::Range(50, 2000));
  verb.add_option("--temperature", options.sampling.temperature,
                  "0 to 1; 0 always takes the likeliest token [as the model proposes]")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--top-p", options.sampling.top_p,
                  "0 to 1; draw from the likeliest tokens that make up this share")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--repetition-penalty", options.sampling.repetition_penalty,
                  "1 to 1.5; more than 1 avoids what was said")
      ->check(CLI::Range(1.0, 1.5));
  verb.add_option("--seed", options.sampling.seed, "Same seed, same answer")->type_name("NUMBER");
  verb.add_option("--system", options.system, "System prompt")->type_name("TEXT");
  verb.add_flag("--json", input.as_json, "Print the answer as JSON with its speed");
}

}  // namespace

void add_test(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("test", "Try a model with a prompt or an example");
  const auto input = std::make_shared<TestInput>();
  add_options(*verb, *input);
  const auto flags = add_setting_flags(*verb, {"models.folders", "engine.", "log.level"});
  verb->callback([flags, input] { finish(run(*flags, *input)); });
}

}  // namespace hearth::cli
