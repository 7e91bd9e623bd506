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
  bool show_logprobs = false;
  bool show_ids = false;
  bool report_cache = false;  ///< tells what the prefix cache had of each prompt, and why not more
  bool hide_reasoning = false;
  bool time_chunks = false;    ///< every chunk with text carries timings
  std::size_t per_prompt = 1;  ///< replies in a row that share one prompt, which is counted once
  std::size_t kept = 1;        ///< choices made of them: the likeliest, if there are more replies
  AnswerHead head;
  std::string model_id;  ///< what runs, for x-hearth-model
  std::string ignored;   ///< for x-hearth-ignored; empty: no such header
};

/// Waits until the request is known to be good (or two seconds of loading have passed), so that an
/// error still gets its own status; then streams, or collects the whole answer. The client's
/// leaving cancels all generations.
http::Response answer(std::vector<services::Reply> replies, std::unique_ptr<ChunkWriter> writer,
                      AnswerPlan plan);

}  // namespace hearth::api::openai
