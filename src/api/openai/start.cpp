// Starting the generations of one answer.
#include "api/openai/start.h"

#include "api/openai/error.h"
#include "base/clock.h"
#include "base/id.h"

namespace hearth::api::openai {

http::Response start_answer(const Services& services, const http::Request& request,
                            const CommonFields& fields, std::vector<engine::Input> inputs,
                            std::unique_ptr<ChunkWriter> writer) {
  const std::string asked = fields.model.value_or("");
  const auto model = services.generator.find(asked);
  if (!model) return error_response(model.error());
  const int per_prompt = fields.n.value_or(1);
  std::vector<services::Reply> replies;
  for (engine::Input& input : inputs)
    for (int k = 0; k < per_prompt; ++k) {
      engine::Request one = to_engine_request(fields);
      one.id = request.id;
      one.input = input;
      if (one.sampling.seed) *one.sampling.seed += static_cast<std::uint64_t>(k);
      replies.push_back(services.generator.start(*model, std::move(one)));
    }
  AnswerPlan plan{
      .stream = fields.stream.value_or(false),
      .include_usage =
          fields.stream_options && fields.stream_options->include_usage.value_or(false),
      .report_progress = fields.return_progress.value_or(false),
      .per_prompt = static_cast<std::size_t>(per_prompt),
      .head = {.created = base::unix_seconds(), .model = asked.empty() ? model->id : asked},
      .model_id = model->id};
  plan.head.id = base::random_id(writer->id_prefix());
  return answer(std::move(replies), std::move(writer), std::move(plan));
}

}  // namespace hearth::api::openai
