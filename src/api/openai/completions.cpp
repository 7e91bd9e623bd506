// POST /v1/completions: raw prompts in, text out; no template.
#include "api/openai/completions.h"

#include <fmt/format.h>
#include <iterator>

#include "api/openai/completion_request.h"
#include "api/openai/error.h"
#include "api/openai/start.h"

namespace hearth::api::openai {
namespace {

class CompletionWriter final : public ChunkWriter {
 public:
  std::string_view id_prefix() const override { return "cmpl-"; }

  void begin(std::string&, std::size_t) override {}

  void delta(std::string& out, std::size_t choice, const engine::TextDelta& delta) override {
    if (!delta.text.empty()) write(out, choice, delta.text, {});
  }

  void finish(std::string& out, std::size_t choice, engine::FinishReason reason,
              const Totals* last) override {
    write(out, choice, "", finish_word(reason), last);
  }

 protected:
  std::string_view object() const override { return "text_completion"; }
  std::string_view whole_object() const override { return object(); }

  void append_whole(std::string& out, std::size_t index, const WholeChoice& choice) const override {
    append_choice(out, index, choice.reasoning + choice.text, finish_word(choice.reason));
  }

 private:
  void write(std::string& out, std::size_t choice, std::string_view text, std::string_view reason,
             const Totals* last = nullptr) const {
    open_chunk(out);
    out += R"(,"choices":[)";
    append_choice(out, choice, text, reason);
    out.push_back(']');
    close_chunk(out, last);
  }

  static void append_choice(std::string& out, std::size_t index, std::string_view text,
                            std::string_view reason) {
    fmt::format_to(std::back_inserter(out), R"({{"index":{},"text":)", index);
    base::append_json_string(out, text);
    const std::string word = reason.empty() ? "null" : fmt::format("\"{}\"", reason);
    fmt::format_to(std::back_inserter(out), R"(,"logprobs":null,"finish_reason":{}}})", word);
  }
};

}  // namespace

http::Route completions(const Services& services) {
  return {http::Method::Post, "/v1/completions", [services](const http::Request& request) {
            auto completion = read_completion_request(request.body);
            if (!completion) return error_response(completion.error());
            return start_answer(services, request, completion->common,
                                std::move(completion->prompts),
                                std::make_unique<CompletionWriter>());
          }};
}

}  // namespace hearth::api::openai
