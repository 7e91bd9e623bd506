// POST /v1/completions: raw prompts in, text out; no template.
#include "api/openai/completions.h"

#include <fmt/format.h>
#include <iterator>

#include "api/openai/completion_request.h"
#include "api/openai/error.h"
#include "api/openai/logprobs.h"
#include "api/openai/start.h"

namespace hearth::api::openai {
namespace {

class CompletionWriter final : public ChunkWriter {
 public:
  std::string_view id_prefix() const override { return "cmpl-"; }

  void begin(std::string&, std::size_t) override {}

  void delta(std::string& out, std::size_t choice, const engine::TextDelta& delta,
             const Totals* timed) override {
    const bool tells = !delta.text.empty() || (logprobs_asked && !delta.reports.empty()) ||
                       (ids_asked && !delta.ids.empty());
    if (!tells) return;
    write(out, choice, {.text = delta.text, .reports = &delta.reports, .ids = &delta.ids}, timed);
  }

  void finish(std::string& out, std::size_t choice, engine::FinishReason reason,
              const Totals* last) override {
    write(out, choice, {.reason = finish_word(reason)}, last);
  }

 protected:
  std::string_view object() const override { return "text_completion"; }
  std::string_view whole_object() const override { return object(); }

  void append_whole(std::string& out, std::size_t index, const WholeChoice& choice) const override {
    append_choice(out, index,
                  {.text = choice.text,
                   .reports = &choice.reports,
                   .ids = &choice.ids,
                   .reason = finish_word(choice.reason)});
  }

 private:
  /// What a choice, or a piece of one, holds. Raw prompts know no reasoning.
  struct Piece {
    std::string_view text = {};
    const std::vector<engine::TokenReport>* reports = nullptr;  // null: it has no text
    const std::vector<engine::TokenId>* ids = nullptr;
    std::string_view reason = {};
  };

  void write(std::string& out, std::size_t choice, const Piece& piece,
             const Totals* timed = nullptr) const {
    open_chunk(out);
    out += R"(,"choices":[)";
    append_choice(out, choice, piece);
    out.push_back(']');
    close_chunk(out, timed);
  }

  void append_choice(std::string& out, std::size_t index, const Piece& piece) const {
    out += R"({"index":)";
    append_index(out, index);
    out += R"(,"text":)";
    base::append_json_string(out, piece.text);
    out += R"(,"logprobs":)";
    if (logprobs_asked && piece.reports != nullptr)
      append_text_logprobs(out, *piece.reports);
    else
      out += "null";
    out += R"(,"finish_reason":)";
    if (piece.reason.empty())
      out += "null";
    else
      fmt::format_to(std::back_inserter(out), R"("{}")", piece.reason);
    if (piece.ids != nullptr) append_ids(out, *piece.ids);
    out.push_back('}');
  }
};

}  // namespace

http::Route completions(const Services& services) {
  return {http::Method::Post, "/v1/completions", [services](const http::Request& request) {
            auto asked = read_completion_request(request.body);
            if (!asked) return error_response(asked.error());
            return start_answer(services, request, std::move(*asked),
                                std::make_unique<CompletionWriter>());
          }};
}

}  // namespace hearth::api::openai
