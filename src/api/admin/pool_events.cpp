// The models in memory as a stream of differences.
#include "api/admin/pool_events.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "api/admin/pool.h"

namespace hearth::api::admin {
namespace {

class Events final : public http::BodyStream {
 public:
  explicit Events(services::Pool& pool) : pool_(pool) {}

  void start(http::Waker wake) override {
    subscription_.emplace(pool_.subscribe(wake));
    wake();
  }

  State pull(std::string& out) override {
    json::array changed;
    std::map<std::string, json::object> now;
    for (const services::LoadedModel& model : pool_.list()) {
      json::object described = describe(model, true);
      const auto before = sent_.find(model.id);
      if (before == sent_.end() || before->second != described) changed.push_back(described);
      now.emplace(model.id, std::move(described));
    }
    json::array removed;
    for (const auto& [id, described] : sent_)
      if (!now.contains(id)) removed.emplace_back(id);
    sent_ = std::move(now);
    if (!first_ && changed.empty() && removed.empty()) return State::More;
    first_ = false;
    out += "data: ";
    base::append_json(
        out, json::object{{"models", std::move(changed)}, {"removed", std::move(removed)}});
    out += "\n\n";
    return State::More;
  }

  std::string_view heartbeat() const override { return ": waiting\n\n"; }

 private:
  services::Pool& pool_;
  std::map<std::string, json::object> sent_;
  bool first_ = true;
  std::optional<services::Pool::Subscription> subscription_;
};

}  // namespace

http::Route pool_events(const Services& services) {
  return {http::Method::Get, "/admin/api/models/events",
          [&pool = services.pool](const http::Request&) {
            return http::event_stream(std::make_unique<Events>(pool));
          }};
}

}  // namespace hearth::api::admin
