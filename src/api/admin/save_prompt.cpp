// POST /admin/api/prompts: a generation without an answer.
#include "api/admin/save_prompt.h"

#include <memory>
#include <optional>
#include <utility>

#include "api/admin/problem.h"
#include "api/admin/prompts.h"
#include "api/openai/chat_request.h"
#include "api/openai/completion_request.h"
#include "api/openai/start.h"
#include "base/decode.h"

namespace hearth::api::admin {
namespace {

constexpr std::size_t kLongestName = 200;

struct Wanted {
  std::string name;
  openai::Asked asked;
};

Result<std::string> read_name(const json::object& body) {
  const json::value* name = body.if_contains("name");
  if (name == nullptr || name->is_null()) return std::string();
  if (!name->is_string() || name->get_string().size() > kLongestName)
    return wrong_field("name", fmt::format("must be a text of at most {} bytes", kLongestName));
  return std::string(name->get_string());
}

/// The body is one of a chat or a text completion, and may say no more than these say.
Result<Wanted> read_wanted(const std::string& body) {
  const json::value document = TRY(base::parse_json(body));
  if (!document.is_object()) return wrong_field("", "the body must be an object");
  const json::object& fields = document.get_object();
  const bool chat = fields.contains("messages");
  if (chat == fields.contains("prompt"))
    return wrong_field("messages",
                       "send either messages or prompt: what later requests begin with");
  openai::Asked asked =
      TRY(chat ? openai::read_chat_request(body) : openai::read_completion_request(body));
  if (asked.inputs.size() != 1) return wrong_field("prompt", "must be one prompt");
  return Wanted{.name = TRY(read_name(fields)), .asked = std::move(asked)};
}

/// Waits until the file is written. The client's leaving cancels the computing.
class Saving final : public http::PendingResponse {
 public:
  Saving(services::Reply reply, engine::PromptFolder prompts, http::Request request)
      : reply_(std::move(reply)), prompts_(std::move(prompts)), request_(std::move(request)) {}

  void start(http::Waker wake) override { reply_.on_ready(std::move(wake)); }

  std::optional<http::Response> poll() override {
    for (const services::ReplyEvent& event : reply_.drain()) {
      if (const auto* finished = std::get_if<engine::Finished>(&event)) return answer(*finished);
      if (const auto* failed = std::get_if<engine::Failed>(&event))
        return problem(request_, failed->error);
    }
    return std::nullopt;
  }

 private:
  http::Response answer(const engine::Finished& finished) const {
    const auto prompt = prompts_.find(finished.kept);
    if (!prompt)
      return problem(request_, {.code = ErrorCode::Io,
                                .message = "the prompt was saved, but its file is gone again: "
                                           "somebody removed it, or others took its room"});
    json::object body = describe(*prompt);
    body["cached_tokens"] = finished.usage.cached_tokens;
    return http::json(base::write_json(body), 201);
  }

  services::Reply reply_;
  engine::PromptFolder prompts_;
  http::Request request_;
};

/// What of the request decides what is computed, and nothing of how an answer would look.
engine::Request to_keep(Wanted wanted) {
  engine::Request asked = openai::to_engine_request(wanted.asked);
  return {.id = {},
          .input = std::move(wanted.asked.inputs.front()),
          .sampling = {.temperature = 0},
          .adapters = std::move(asked.adapters),
          .cache_salt = std::move(asked.cache_salt),
          .keep = std::move(wanted.name)};
}

http::Response save(const Services& services, const http::Request& request) {
  auto wanted = read_wanted(request.body);
  if (!wanted) return problem(request, wanted.error());
  const auto named = openai::find_named(services, wanted->asked.common.model.value_or(""));
  if (!named) return problem(request, named.error());
  openai::choose_adapters(services, *named, wanted->asked);
  engine::Request one = to_keep(std::move(*wanted));
  services::fill_in(services.shelf.of(named->model.id).preset, one);
  one.max_tokens.reset();
  one.id = request.id;
  one.standpoint.client = request.remote;
  http::Request asked{.target = request.target, .id = request.id};  // for what is told of errors
  return http::pending(std::make_unique<Saving>(
      services.generator.start(named->model, std::move(one)), services.prompts, std::move(asked)));
}

}  // namespace

http::Route save_prompt(const Services& services) {
  return {http::Method::Post, "/admin/api/prompts",
          [services](const http::Request& request) { return save(services, request); }};
}

}  // namespace hearth::api::admin
