// POST /v1/chat/completions: request in, chat chunks or a chat completion out.
#include "api/openai/chat_completions.h"

#include <fmt/format.h>
#include <iterator>
#include <span>

#include "api/openai/chat_request.h"
#include "api/openai/error.h"
#include "api/openai/logprobs.h"
#include "api/openai/start.h"

namespace hearth::api::openai {
namespace {

class ChatWriter final : public ChunkWriter {
 public:
  std::string_view id_prefix() const override { return "chatcmpl-"; }

  void begin(std::string& out, std::size_t choice) override {
    open_delta(out, choice, R"("role":"assistant","content":"")", "null");
    out += "null}]";
    close_chunk(out);
  }

  void delta(std::string& out, std::size_t choice, const engine::TextDelta& delta,
             const Totals* timed) override {
    const bool reasoning = delta.kind == engine::TextDelta::Kind::Reasoning;
    std::string inner;
    if (!delta.text.empty()) {
      inner = reasoning ? R"("content":null,"reasoning_content":)" : R"("content":)";
      base::append_json_string(inner, delta.text);
    } else if (!ids_asked || delta.ids.empty()) {
      return;
    }
    open_delta(out, choice, inner,
               reasoning ? logprobs({}, delta.reports) : logprobs(delta.reports, {}));
    out += "null";
    append_ids(out, delta.ids);
    out += "}]";
    close_chunk(out, timed);
  }

  void finish(std::string& out, std::size_t choice, engine::FinishReason reason,
              const Totals* last) override {
    open_delta(out, choice, "", "null");
    fmt::format_to(std::back_inserter(out), R"("{}"}}])", finish_word(reason));
    close_chunk(out, last);
  }

 protected:
  std::string_view object() const override { return "chat.completion.chunk"; }
  std::string_view whole_object() const override { return "chat.completion"; }

  void append_whole(std::string& out, std::size_t index, const WholeChoice& choice) const override {
    fmt::format_to(std::back_inserter(out),
                   R"({{"index":{},"message":{{"role":"assistant","content":)", index);
    base::append_json_string(out, choice.text);
    if (!choice.reasoning.empty()) {
      out += R"(,"reasoning_content":)";
      base::append_json_string(out, choice.reasoning);
    }
    fmt::format_to(std::back_inserter(out),
                   R"(,"refusal":null}},"logprobs":{},"finish_reason":"{}")",
                   logprobs(choice.reports, choice.reasoning_reports), finish_word(choice.reason));
    append_ids(out, choice.ids);
    out.push_back('}');
  }

 private:
  using Reports = std::span<const engine::TokenReport>;

  /// The value of "logprobs".
  std::string logprobs(Reports content, Reports reasoning) const {
    if (!logprobs_asked) return "null";
    std::string text;
    append_chat_logprobs(text, content, reasoning);
    return text;
  }

  /// A chunk up to the value of finish_reason.
  void open_delta(std::string& out, std::size_t choice, std::string_view inner,
                  std::string_view logprobs) const {
    open_chunk(out);
    out += R"(,"choices":[{"index":)";
    append_index(out, choice);
    out += R"(,"delta":{)";
    out += inner;
    out += R"(},"logprobs":)";
    out += logprobs;
    out += R"(,"finish_reason":)";
  }
};

}  // namespace

http::Route chat_completions(const Services& services) {
  return {http::Method::Post, "/v1/chat/completions", [services](const http::Request& request) {
            auto asked = read_chat_request(request.body);
            if (!asked) return error_response(asked.error());
            return start_answer(services, request, std::move(*asked),
                                std::make_unique<ChatWriter>());
          }};
}

}  // namespace hearth::api::openai
