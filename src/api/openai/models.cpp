// The models on this machine; one body serves OpenAI and Anthropic clients.
#include "api/openai/models.h"

#include <algorithm>
#include <ctime>
#include <fmt/chrono.h>

#include "api/openai/error.h"
#include "api/openai/named_model.h"
#include "base/json.h"

namespace hearth::api::openai {
namespace {

std::string rfc3339(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string owner(const std::string& id) {
  const auto slash = id.find('/');
  return slash == std::string::npos ? "hearth" : id.substr(0, slash);
}

/// The context as served: what a loaded worker says, else the model's own within the configured
/// limit.
std::uint32_t served_context(const Services& services, const services::ModelEntry& model) {
  for (const auto& loaded : services.pool.list())
    if (loaded.id == model.id && loaded.info.context_length > 0) return loaded.info.context_length;
  const auto limit = services.shelf.of(model.id).preset.context_length.value_or(
      static_cast<std::uint32_t>(services.context_limit));
  return limit > 0 && model.context_length > 0 ? std::min(limit, model.context_length)
                                               : model.context_length;
}

json::object entry(const Services& services, const services::ModelEntry& model) {
  const std::uint32_t context = served_context(services, model);
  json::object out{{"id", model.id},
                   {"object", "model"},
                   {"created", model.modified},
                   {"owned_by", owner(model.id)},
                   {"type", "model"},
                   {"display_name", model.id.substr(model.id.rfind('/') + 1)},
                   {"created_at", rfc3339(model.modified)},
                   {"max_input_tokens", context},
                   {"max_tokens", context},
                   {"lifecycle", "active"},
                   {"context_length", context},
                   {"max_model_len", context},
                   {"state", services::name(services.pool.state(model.id))},
                   {"capabilities", json::array{"completion"}}};
  if (model.thinking) out["capabilities"].as_array().emplace_back("thinking");
  out["architecture_type"] = model.architecture;
  out["quantization"] = model.quantisation;
  out["size_bytes"] = model.bytes;
  if (!model.aliases.empty()) out["aliases"] = json::value_from(model.aliases);
  if (!model.fault.empty()) out["fault"] = model.fault;
  return out;
}

/// A model with one of its adapters, which a client can name like a model.
json::object adapted(const json::object& base, const services::AdapterEntry& adapter) {
  json::object out = base;
  const std::string id = fmt::format("{}:{}", adapter.model, adapter.name);
  out["id"] = id;
  out["display_name"] = id.substr(id.rfind('/') + 1);
  out["parent"] = adapter.model;
  out.erase("aliases");
  return out;
}

}  // namespace

http::Route list_models(const Services& services) {
  return {http::Method::Get, "/v1/models", [services](const http::Request&) {
            json::array data;
            for (const auto& model : services.library.list()) {
              const json::object base = entry(services, model);
              data.push_back(base);
              for (const auto& adapter : services.adapters.of(model.id))
                data.push_back(adapted(base, adapter));
            }
            const auto id_of = [](const json::value& model) { return model.at("id"); };
            const json::object body{
                {"object", "list"},
                {"data", data},
                {"has_more", false},
                {"first_id", data.empty() ? json::value() : id_of(data.front())},
                {"last_id", data.empty() ? json::value() : id_of(data.back())}};
            return http::json(base::write_json(body));
          }};
}

http::Route retrieve_model(const Services& services) {
  return {
      http::Method::Get, "/v1/models/{id...}", [services](const http::Request& request) {
        const auto named = find_named(services, std::string(request.route_value("id")));
        if (!named) return error_response(named.error());
        const json::object base = entry(services, named->model);
        return http::json(base::write_json(named->adapter ? adapted(base, *named->adapter) : base));
      }};
}

}  // namespace hearth::api::openai
