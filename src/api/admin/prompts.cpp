// The list of saved prompts, and taking one from it.
#include "api/admin/prompts.h"

#include "api/admin/problem.h"

namespace hearth::api::admin {

json::object describe(const engine::SavedPrompt& prompt) {
  return {{"id", prompt.id},
          {"name", prompt.name},
          {"model", prompt.model},
          {"fingerprint", prompt.fingerprint},
          {"tokens", prompt.tokens.size()},
          {"bytes", prompt.bytes},
          {"created", prompt.created_s}};
}

http::Route list_prompts(const Services& services) {
  return {
      http::Method::Get, "/admin/api/prompts", [prompts = services.prompts](const http::Request&) {
        json::array list;
        std::uint64_t bytes = 0;
        for (const engine::SavedPrompt& prompt : prompts.list()) {
          list.push_back(describe(prompt));
          bytes += prompt.bytes;
        }
        return http::json(base::write_json(json::object{{"prompts", std::move(list)},
                                                        {"bytes", bytes},
                                                        {"limit_bytes", prompts.limit_bytes()}}));
      }};
}

http::Route remove_prompt(const Services& services) {
  return {http::Method::Delete, "/admin/api/prompts/{id}",
          [prompts = services.prompts](const http::Request& request) {
            const std::string id(request.route_value("id"));
            if (const auto removed = prompts.remove(id); !removed)
              return problem(request, removed.error());
            return http::json(base::write_json(json::object{{"id", id}, {"removed", true}}));
          }};
}

}  // namespace hearth::api::admin
