// Starting the generations of one answer.
#include "api/openai/start.h"

#include <fmt/ranges.h>

#include "api/openai/error.h"
#include "api/openai/named_model.h"
#include "base/clock.h"
#include "base/id.h"

namespace hearth::api::openai {

void choose_adapters(const Services& services, const NamedModel& named, Asked& asked) {
  if (asked.common.lora) return;
  asked.common.lora.emplace();
  if (named.adapter)
    asked.common.lora->choices = {{.adapter = named.adapter->name}};
  else
    asked.common.lora->choices = usual_choices(services.adapters.of(named.model.id));
}

namespace {

/// One generation of an answer.
engine::Request generation(const Asked& asked, const services::Preset& preset, engine::Input input,
                           int k) {
  engine::Request one = to_engine_request(asked);
  one.input = std::move(input);
  // Without a limit in the body there is one only if the preset has it: -1 asks for none.
  const bool unlimited = asked.common.max_tokens && *asked.common.max_tokens == -1;
  services::fill_in(preset, one);
  if (unlimited) one.max_tokens.reset();
  if (one.sampling.seed) *one.sampling.seed += static_cast<std::uint64_t>(k);
  return one;
}

AnswerPlan plan_of(const Asked& asked, const services::ModelEntry& model) {
  const CommonFields& fields = asked.common;
  AnswerPlan plan{.stream = fields.stream.value_or(false),
                  .include_usage =
                      fields.stream_options && fields.stream_options->include_usage.value_or(false),
                  .report_progress = fields.return_progress.value_or(false),
                  .show_logprobs = asked.logprobs.has_value(),
                  .show_ids = returns_ids(fields),
                  .report_cache = fields.return_cache_report.value_or(false),
                  .hide_reasoning = asked.hide_reasoning,
                  .time_chunks = fields.timings_per_token.value_or(false),
                  .per_prompt = static_cast<std::size_t>(asked.best_of),
                  .kept = static_cast<std::size_t>(fields.n.value_or(1)),
                  .head = {.created = base::unix_seconds(), .model = fields.model.value_or("")},
                  .model_id = model.id,
                  .ignored = fmt::format("{}", fmt::join(asked.ignored, ", "))};
  if (plan.head.model.empty()) plan.head.model = model.id;
  return plan;
}

}  // namespace

http::Response start_answer(const Services& services, const http::Request& request, Asked asked,
                            std::unique_ptr<ChunkWriter> writer) {
  const auto named = find_named(services, asked.common.model.value_or(""));
  if (!named) return error_response(named.error());
  choose_adapters(services, *named, asked);
  AnswerPlan plan = plan_of(asked, named->model);
  if (request.headers.get("x-hearth-cache-report") == "true") plan.report_cache = true;
  plan.head.id = base::random_id(writer->id_prefix());
  const services::Preset preset = services.shelf.of(named->model.id).preset;
  std::vector<services::Reply> replies;
  for (const engine::Input& input : asked.inputs)
    for (int k = 0; k < asked.best_of; ++k) {
      engine::Request one = generation(asked, preset, input, k);
      one.id = request.id;
      one.standpoint.client = request.remote;
      one.whole = !plan.stream;
      replies.push_back(services.generator.start(named->model, std::move(one), plan.head.id,
                                                 keep_alive(asked.common)));
    }
  return answer(std::move(replies), std::move(writer), std::move(plan));
}

}  // namespace hearth::api::openai
