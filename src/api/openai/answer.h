// From running generations to an HTTP answer, streamed or whole.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/openai/chunk_writer.h"
#include "http/response.h"
#include "services/chat/generate.h"

namespace hearth::api::openai {

struct AnswerPlan {
  bool stream = false;
  bool include_usage = false;
  bool report_progress = false;
  std::size_t per_prompt = 1;  ///< choices in a row that share one prompt, which is counted once
  AnswerHead head;
  std::string model_id;  ///< what runs, for x-hearth-model
};

/// Waits until the request is known to be good (or two seconds of loading have passed), so that an
/// error still gets its own status; then streams, or collects the whole answer. The client's
/// leaving cancels all generations.
http::Response answer(std::vector<services::Reply> replies, std::unique_ptr<ChunkWriter> writer,
                      AnswerPlan plan);

}  // namespace hearth::api::openai
