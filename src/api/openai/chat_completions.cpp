// POST /v1/chat/completions: request in, chat chunks or a chat completion out.
#include "api/openai/chat_completions.h"

#include <fmt/format.h>
#include <iterator>

#include "api/openai/chat_request.h"
#include "api/openai/error.h"
#include "api/openai/start.h"

namespace hearth::api::openai {
namespace {

class ChatWriter final : public ChunkWriter {
 public:
  std::string_view id_prefix() const override { return "chatcmpl-"; }

  void begin(std::string& out, std::size_t choice) override {
    write_delta(out, choice, R"("role":"assistant","content":"")");
  }

  void delta(std::string& out, std::size_t choice, const engine::TextDelta& delta) override {
    if (delta.text.empty()) return;
    std::string inner = delta.kind == engine::TextDelta::Kind::Reasoning
                            ? R"("content":null,"reasoning_content":)"
                            : R"("content":)";
    base::append_json_string(inner, delta.text);
    write_delta(out, choice, inner);
  }

  void finish(std::string& out, std::size_t choice, engine::FinishReason reason,
              const Totals* last) override {
    write_delta(out, choice, "", finish_word(reason), last);
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
                   R"(,"refusal":null}},"logprobs":null,"finish_reason":"{}"}})",
                   finish_word(choice.reason));
  }

 private:
  void write_delta(std::string& out, std::size_t choice, std::string_view inner,
                   std::string_view reason = {}, const Totals* last = nullptr) const {
    open_chunk(out);
    const std::string word = reason.empty() ? "null" : fmt::format("\"{}\"", reason);
    fmt::format_to(
        std::back_inserter(out),
        R"(,"choices":[{{"index":{},"delta":{{{}}},"logprobs":null,"finish_reason":{}}}])", choice,
        inner, word);
    close_chunk(out, last);
  }
};

}  // namespace

http::Route chat_completions(const Services& services) {
  return {http::Method::Post, "/v1/chat/completions", [services](const http::Request& request) {
            auto chat = read_chat_request(request.body);
            if (!chat) return error_response(chat.error());
            std::vector<engine::Input> inputs;
            inputs.emplace_back(std::move(chat->input));
            return start_answer(services, request, chat->common, std::move(inputs),
                                std::make_unique<ChatWriter>());
          }};
}

}  // namespace hearth::api::openai
