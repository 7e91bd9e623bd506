// Orders for single models.
#include "api/admin/model_in_memory.h"

#include <boost/describe.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "api/admin/in_background.h"
#include "api/admin/pool.h"
#include "base/decode.h"

namespace hearth::api::admin {
namespace wire {

struct Load {
  std::optional<bool> wait;
  std::optional<services::KeepAlive> keep_alive;
};
BOOST_DESCRIBE_STRUCT(Load, (), (wait, keep_alive))

struct Preload {
  std::optional<bool> preload;
};
BOOST_DESCRIBE_STRUCT(Preload, (), (preload))

struct Keep {
  std::optional<services::KeepAlive> keep_alive;
};
BOOST_DESCRIBE_STRUCT(Keep, (), (keep_alive))

}  // namespace wire

namespace {

using services::Pool;

/// A body that may be left out.
template <class Body>
Result<Body> read_body(const http::Request& request) {
  if (request.body.empty()) return Body{};
  return base::decode<Body>(TRY(base::parse_json(request.body)));
}

/// The model as it stands in memory, and what is kept of it.
json::object describe_state(const Services& services, const std::string& id) {
  services::LoadedModel seen{.id = id};
  for (services::LoadedModel& model : services.pool.list())
    if (model.id == id) seen = std::move(model);
  const store::PoolModel known = services.pool.known(id);
  seen.pinned = known.pinned;
  seen.preload = known.preload;
  json::object out = describe(seen);
  const auto keep = services.shelf.of(id).preset.keep_alive;
  out["keep_alive"] = keep ? json::value_from(*keep) : json::value();
  return out;
}

http::Response answer_state(const Services& services, const std::string& id, int status = 200) {
  return http::json(base::write_json(describe_state(services, id)), status);
}

/// Between the pool's thread and the connection.
struct Arrival {
  std::mutex mutex;
  std::optional<Result<void>> outcome;  // guarded by mutex
  http::Waker wake;                     // guarded by mutex

  void settle(Result<void> how) {
    http::Waker tell;
    {
      const std::lock_guard lock(mutex);
      outcome = std::move(how);
      tell = wake;
    }
    if (tell) tell();
  }
};

/// Waits for a load. The client's leaving counts.
class Loading final : public http::PendingResponse {
 public:
  Loading(const Services& services, http::Request request, std::string id)
      : services_(services), request_(std::move(request)), id_(std::move(id)) {}
  ~Loading() override { services_.pool.leave(wait_); }

  void begin(const services::ModelEntry& model, const std::optional<services::KeepAlive>& keep) {
    wait_ = services_.pool.acquire(
        model,
        [arrival = arrival_](Result<services::Lease> ready) {
          const Result<void> outcome = ready ? Result<void>() : fail(ready.error());
          ready = nullptr;  // loading is no use: whoever is told sees nobody at it
          arrival->settle(outcome);
        },
        {}, keep);
  }

  void start(http::Waker wake) override {
    {
      const std::lock_guard lock(arrival_->mutex);
      arrival_->wake = wake;
      if (!arrival_->outcome) return;
    }
    wake();
  }

  std::optional<http::Response> poll() override {
    const std::lock_guard lock(arrival_->mutex);
    if (!arrival_->outcome) return std::nullopt;
    if (!*arrival_->outcome) return write_error(request_, arrival_->outcome->error());
    return answer_state(services_, id_);
  }

 private:
  Services services_;
  http::Request request_;  // for what is told of errors
  std::string id_;
  services::WaitId wait_ = 0;
  std::shared_ptr<Arrival> arrival_ = std::make_shared<Arrival>();
};

http::Request for_errors(const http::Request& request) {
  return {.target = request.target, .path = request.path, .id = request.id};
}

/// Nobody waits: a failure is in the log and in the events.
void load_quietly(const Services& services, const services::ModelEntry& model,
                  const std::optional<services::KeepAlive>& keep) {
  services.pool.acquire(model, [](const Result<services::Lease>&) {}, {}, keep);
}

Result<http::Response> load(const Services& services, const http::Request& request) {
  const auto wanted = TRY(read_body<wire::Load>(request));
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  if (!wanted.wait.value_or(true)) {
    load_quietly(services, model, wanted.keep_alive);
    return answer_state(services, model.id, 202);
  }
  auto loading = std::make_unique<Loading>(services, for_errors(request), model.id);
  loading->begin(model, wanted.keep_alive);
  return http::pending(std::move(loading));
}

std::string_view outcome_word(Pool::Unload outcome) {
  switch (outcome) {
    case Pool::Unload::NotLoaded:
      return "not_loaded";
    case Pool::Unload::LoadCancelled:
      return "load_cancelled";
    case Pool::Unload::Unloaded:
      return "unloaded";
    case Pool::Unload::AfterUse:
      break;
  }
  return "after_use";
}

Result<http::Response> unload(const Services& services, const http::Request& request) {
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  const Pool::Unload outcome = services.pool.unload(model.id);
  json::object out = describe_state(services, model.id);
  out["outcome"] = outcome_word(outcome);
  return http::json(base::write_json(out));
}

Result<http::Response> stop_loading(const Services& services, const http::Request& request) {
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  if (services.pool.state(model.id) != services::ModelState::Loading)
    return fail(ErrorCode::InvalidArgument, "{} is not being loaded: there is nothing to cancel",
                model.id);
  return unload(services, request);
}

Result<http::Response> set_pin(const Services& services, const http::Request& request, bool pin) {
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  services.pool.edit(model.id, [pin](store::PoolModel& row) { row.pinned = pin; });
  return answer_state(services, model.id);
}

Result<http::Response> set_preload(const Services& services, const http::Request& request) {
  const bool wanted = TRY(read_body<wire::Preload>(request)).preload.value_or(true);
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  services.pool.edit(model.id, [wanted](store::PoolModel& row) { row.preload = wanted; });
  if (wanted) load_quietly(services, model, {});
  return answer_state(services, model.id);
}

Result<http::Response> set_keep(const Services& services, const http::Request& request) {
  const auto keep = TRY(read_body<wire::Keep>(request)).keep_alive;
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  TRY(services.shelf.change(
      model.id, [&](services::ModelSettings& settings) { settings.preset.keep_alive = keep; }));
  services.pool.tick();  // who is loaded obeys at once
  return answer_state(services, model.id);
}

Result<http::Response> health(const Services& services, const http::Request& request) {
  const auto model = TRY(services.library.resolve(request.route_value("id")));
  json::object out = describe_state(services, model.id);
  out["healthy"] = services.pool.state(model.id) == services::ModelState::Loaded;
  return http::json(base::write_json(out));
}

using Order = std::function<Result<http::Response>(const Services&, const http::Request&)>;

http::Response answer(const Order& order, const Services& services, const http::Request& request) {
  auto response = order(services, request);
  if (!response) return write_error(request, response.error());
  return std::move(*response);
}

/// What may wait for the disk, as all that is kept does.
http::Route slow(const Services& services, http::Method method, std::string pattern, Order order) {
  return {method, std::move(pattern),
          [services, order = std::move(order)](const http::Request& request) {
            return in_background(services.tasks, [services, order, request](const auto&) {
              return answer(order, services, request);
            });
          }};
}

std::string one(std::string_view root, std::string_view what) {
  return fmt::format("{}/{{id...}}/{}", root, what);
}

}  // namespace

http::Route load_model(const Services& services, std::string_view root) {
  return {http::Method::Post, one(root, "load"),
          [services](const http::Request& request) { return answer(load, services, request); }};
}

http::Route unload_model(const Services& services, std::string_view root) {
  return slow(services, http::Method::Post, one(root, "unload"), unload);
}

http::Route cancel_load(const Services& services) {
  return slow(services, http::Method::Post, one(kModels, "cancel"), stop_loading);
}

http::Route cancel_load_too(const Services& services) {
  return slow(services, http::Method::Delete, one(kModels, "load"), stop_loading);
}

http::Route pin_model(const Services& services) {
  return slow(services, http::Method::Post, one(kModels, "pin"),
              [](const auto& all, const auto& request) { return set_pin(all, request, true); });
}

http::Route unpin_model(const Services& services) {
  return slow(services, http::Method::Post, one(kModels, "unpin"),
              [](const auto& all, const auto& request) { return set_pin(all, request, false); });
}

http::Route preload_model(const Services& services) {
  return slow(services, http::Method::Post, one(kModels, "preload"), set_preload);
}

http::Route keep_model(const Services& services) {
  return slow(services, http::Method::Put, one(kModels, "keep_alive"), set_keep);
}

http::Route model_health(const Services& services) {
  return slow(services, http::Method::Get, one(kOtherModels, "health"), health);
}

}  // namespace hearth::api::admin
