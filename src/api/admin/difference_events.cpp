// What was sent, held against what there is.
#include "api/admin/difference_events.h"

#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace hearth::api::admin {
namespace {

class Differences final : public http::BodyStream {
 public:
  explicit Differences(WatchedList list) : list_(std::move(list)) {}

  void start(http::Waker wake) override {
    subscription_.emplace(list_.subscribe(wake));
    wake();
  }

  State pull(std::string& out) override {
    json::array changed;
    std::map<std::string, json::object> now;
    for (auto& [id, entry] : list_.entries()) {
      const auto before = sent_.find(id);
      if (before == sent_.end() || before->second != entry) changed.push_back(entry);
      now.emplace(std::move(id), std::move(entry));
    }
    json::array removed;
    for (const auto& [id, entry] : sent_)
      if (!now.contains(id)) removed.emplace_back(id);
    sent_ = std::move(now);
    if (!first_ && changed.empty() && removed.empty()) return State::More;
    first_ = false;
    out += "data: ";
    base::append_json(
        out, json::object{{list_.name, std::move(changed)}, {"removed", std::move(removed)}});
    out += "\n\n";
    return State::More;
  }

  std::string_view heartbeat() const override { return ": waiting\n\n"; }

 private:
  WatchedList list_;
  std::map<std::string, json::object> sent_;
  bool first_ = true;
  std::optional<services::Subscription> subscription_;
};

}  // namespace

http::Response difference_events(WatchedList list) {
  return http::event_stream(std::make_unique<Differences>(std::move(list)));
}

}  // namespace hearth::api::admin
