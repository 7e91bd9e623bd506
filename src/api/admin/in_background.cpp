// A pending answer that a thread of the pool makes.
#include "api/admin/in_background.h"

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "api/admin/problem.h"
#include "base/log.h"

namespace hearth::api::admin {
namespace {

/// Between the connection and the thread; whoever goes last takes it along.
struct Meeting {
  std::mutex mutex;
  http::Waker wake;                      // guarded by mutex, as all here
  std::optional<http::Response> answer;  // until it is sent
  bool wanted = true;
};

class Background final : public http::PendingResponse {
 public:
  explicit Background(std::shared_ptr<Meeting> meeting) : meeting_(std::move(meeting)) {}
  ~Background() override {
    const std::lock_guard lock(meeting_->mutex);
    meeting_->wanted = false;
    meeting_->wake = nullptr;
  }

  void start(http::Waker wake) override {
    const std::lock_guard lock(meeting_->mutex);
    meeting_->wake = std::move(wake);
    if (meeting_->answer) meeting_->wake();
  }

  std::optional<http::Response> poll() override {
    const std::lock_guard lock(meeting_->mutex);
    return std::exchange(meeting_->answer, std::nullopt);
  }

 private:
  std::shared_ptr<Meeting> meeting_;
};

/// What a library throws must not end the server: it is logged, and told without details.
http::Response answer_of(const std::function<http::Response(const std::function<bool()>&)>& work,
                         const std::function<bool()>& wanted) {
  try {
    return work(wanted);
  } catch (const std::exception& thrown) {
    log_warn("api", "a request in the background failed: {}", thrown.what());
    return problem({}, {.code = ErrorCode::Internal,
                        .message = "something went wrong inside the server; its log says what"});
  }
}

}  // namespace

http::Response in_background(
    base::TaskPool& pool, std::function<http::Response(const std::function<bool()>& wanted)> work) {
  const auto meeting = std::make_shared<Meeting>();
  const bool posted = pool.post([meeting, work = std::move(work)] {
    const auto wanted = [&] {
      const std::lock_guard lock(meeting->mutex);
      return meeting->wanted;
    };
    if (!wanted()) return;
    http::Response answer = answer_of(work, wanted);
    const std::lock_guard lock(meeting->mutex);
    meeting->answer = std::move(answer);
    if (meeting->wake) meeting->wake();
  });
  if (!posted)
    return problem({}, {.code = ErrorCode::Overloaded, .message = "the server is about to end"});
  return http::pending(std::make_unique<Background>(meeting));
}

http::Handler answer_with(const Services& services, Question question) {
  return [services, question = std::move(question)](const http::Request& request) {
    return in_background(services.tasks, [services, question, request](const auto& wanted) {
      const auto answer = question(services, request, wanted);
      if (!answer) return problem(request, answer.error());
      return http::json(base::write_json(*answer));
    });
  };
}

}  // namespace hearth::api::admin
