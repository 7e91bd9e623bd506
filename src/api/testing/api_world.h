// The endpoints without sockets or models: a test sends requests and plays the engine.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/routes.h"
#include "base/json.h"
#include "services/testing/fake_converter.h"
#include "services/testing/fake_source.h"
#include "services/testing/fake_workers.h"
#include "services/testing/temp_folder.h"

namespace hearth::api::testing {

/// Drives one answer as a connection would.
class Answer {
 public:
  explicit Answer(http::Response response) : response_(std::move(response)) { start(); }

  /// Takes what is ready; true once the answer is whole.
  bool advance() {
    if (auto* pending = std::get_if<std::unique_ptr<http::PendingResponse>>(&response_.body)) {
      auto ready = (*pending)->poll();
      if (!ready) return false;
      response_ = std::move(*ready);
      start();
    }
    if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response_.body)) {
      if ((*stream)->pull(text_) == http::BodyStream::State::More) return false;
      response_.body = std::string();  // as the connection does: the stream goes at its end
    } else if (auto* body = std::get_if<std::string>(&response_.body); body && !body->empty()) {
      text_ = std::move(*body);
    }
    return true;
  }
  /// Waits for the end.
  Answer& finish() {
    EXPECT_TRUE(engine::testing::eventually([this] { return advance(); }));
    return *this;
  }
  /// Whether the status is known: the answer is no longer pending.
  bool decided() const {
    return !std::holds_alternative<std::unique_ptr<http::PendingResponse>>(response_.body);
  }

  int status() const { return response_.status; }
  std::string header(std::string_view name) const {
    return std::string(response_.headers.get(name).value_or(""));
  }
  const http::Response& response() const { return response_; }
  const std::string& text() const { return text_; }
  json::object body() const { return json::parse(text_).as_object(); }
  json::object error() const { return body().at("error").as_object(); }

  /// The payloads of the stream's events; comments are left out, [DONE] becomes null.
  std::vector<json::value> events() const {
    std::vector<json::value> all;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = text_.find("\n\n", at);
      EXPECT_NE(end, std::string::npos) << "an event is not closed";
      const std::string frame = text_.substr(at, end - at);
      at = end == std::string::npos ? text_.size() : end + 2;
      if (frame.starts_with(':')) continue;
      EXPECT_TRUE(frame.starts_with("data: ")) << frame;
      EXPECT_EQ(frame.find('\n'), std::string::npos) << frame;
      const std::string payload = frame.substr(6);
      all.push_back(payload == "[DONE]" ? json::value() : json::parse(payload));
    }
    return all;
  }

 private:
  void start() {
    if (auto* pending = std::get_if<std::unique_ptr<http::PendingResponse>>(&response_.body))
      (*pending)->start([] {});
    if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response_.body))
      (*stream)->start([] {});
  }

  http::Response response_;
  std::string text_;
};

/// A server's inside with the models "org/model" (served by default) and "demo".
struct ApiWorld {
  services::testing::TempFolder folder;
  services::testing::FakeWorkers workers;
  services::Library library{{.hub_cache = {}, .plain = {folder.path()}}};
  services::Pool pool{2, workers.starter()};
  services::Metrics metrics;
  services::Adapters adapters;
  services::Generator generator{library, pool, metrics};
  engine::PromptFolder prompts{folder.path() / "prompts", 1 << 20};
  services::testing::FakeSource source;
  std::unique_ptr<store::Database> database = *store::Database::in_memory();
  services::LiveLimits limits{pool, *database, {.now = settings(), .configured = settings()}};
  std::unique_ptr<services::Downloads> downloads =
      *services::Downloads::open(*database, 1, source.source());
  services::testing::FakeConverter converter;
  std::unique_ptr<services::Conversions> conversions =
      *services::Conversions::open(*database, 1, converter.world());
  services::ConversionPresets presets{database.get()};
  services::HubAccess hub{database.get(), folder.path() / services::kSecretKeyFile};
  services::Shelf shelf{database.get()};
  base::TaskPool tasks{"tasks", 1};
  http::Router router;

  explicit ApiWorld(int context_limit = 0) {
    folder.add_model("org/model");
    folder.add_model("demo");
    generator.set_default_model("org/model");
    add_routes(router, {.library = library,
                        .pool = pool,
                        .limits = limits,
                        .generator = generator,
                        .metrics = metrics,
                        .adapters = adapters,
                        .downloads = *downloads,
                        .conversions = *conversions,
                        .conversion_presets = presets,
                        .hub = hub,
                        .shelf = shelf,
                        .tasks = tasks,
                        .context_limit = context_limit,
                        .prompts = prompts,
                        .models_folder = folder.path()});
  }

  Answer get(const std::vector<std::string>& path) { return send(http::Method::Get, path, ""); }
  Answer chat(std::string body) {
    return send(http::Method::Post, {"v1", "chat", "completions"}, std::move(body));
  }
  Answer complete(std::string body) {
    return send(http::Method::Post, {"v1", "completions"}, std::move(body));
  }
  Answer send(http::Method method, const std::vector<std::string>& path, std::string body) {
    http::Request request{.method = method, .path = path, .body = std::move(body)};
    request.id = "req_1";
    const auto match = router.find(method, path);
    if (!match.route)
      return Answer(write_error(request, {.code = ErrorCode::UnknownRoute, .message = "nothing"}));
    request.route_values = match.values;
    return Answer(match.route->handler(request));
  }

  /// As the pool was made: two models at once.
  static services::Settings settings() {
    services::Settings settings;
    settings.max_loaded = 2;
    return settings;
  }
  /// Loads "org/model" first, so that generations reach the engine in the order of their choices.
  void load() { EXPECT_TRUE(services::testing::ask(pool, "org/model").get().has_value()); }

  /// The n-th generation that reached the engine of "org/model", with the events to play.
  engine::testing::FakeEngineScript::Asked asked(std::size_t index = 0) {
    return workers.script("org/model")->wait_for(index);
  }
  /// Plays a whole answer of one text.
  void play(std::size_t index, const std::string& text, engine::Finished end = {}) {
    const auto events = asked(index).events;
    events->push(engine::Admitted{end.usage.prompt_tokens});
    if (!text.empty()) events->push(engine::TextDelta{.text = text});
    events->push(std::move(end));
  }
};

/// The whole answer to a POST.
inline Answer post(ApiWorld& world, const std::vector<std::string>& path, std::string body = "{}") {
  return std::move(world.send(http::Method::Post, path, std::move(body)).finish());
}

}  // namespace hearth::api::testing
