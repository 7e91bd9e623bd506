// The list of downloads as a stream of differences.
#include "api/admin/download_events.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "api/admin/downloads.h"

namespace hearth::api::admin {
namespace {

class Events final : public http::BodyStream {
 public:
  explicit Events(services::Downloads& downloads) : downloads_(downloads) {}

  void start(http::Waker wake) override {
    subscription_.emplace(downloads_.subscribe(wake));
    wake();
  }

  State pull(std::string& out) override {
    const auto list = downloads_.list();
    json::array changed;
    std::map<std::string, std::shared_ptr<const services::Download>> now;
    for (const auto& download : *list) {
      const auto before = sent_.find(download->row.id);
      if (before == sent_.end() || before->second != download)
        changed.push_back(describe(*download));
      now.emplace(download->row.id, download);
    }
    json::array removed;
    for (const auto& [id, download] : sent_)
      if (!now.contains(id)) removed.emplace_back(id);
    sent_ = std::move(now);
    if (!first_ && changed.empty() && removed.empty()) return State::More;
    first_ = false;
    out += "data: ";
    base::append_json(
        out, json::object{{"downloads", std::move(changed)}, {"removed", std::move(removed)}});
    out += "\n\n";
    return State::More;
  }

  std::string_view heartbeat() const override { return ": waiting\n\n"; }

 private:
  services::Downloads& downloads_;
  std::map<std::string, std::shared_ptr<const services::Download>> sent_;
  bool first_ = true;
  std::optional<services::Downloads::Subscription> subscription_;
};

}  // namespace

http::Route download_events(const Services& services) {
  return {http::Method::Get, "/admin/api/downloads/events",
          [&downloads = services.downloads](const http::Request&) {
            return http::event_stream(std::make_unique<Events>(downloads));
          }};
}

}  // namespace hearth::api::admin
