// The first words between a server and its worker: versions, progress of loading, ready or refused.
#include "engine/open_remote.h"

#include <utility>

#include "engine/remote/remote_engine.h"

namespace hearth::engine {
namespace {

Result<void> greet(wire::Channel& channel) {
  wire::ToWorker hello;
  hello.mutable_hello()->set_protocol(wire::kProtocol);
  return channel.send(TRY(wire::frame_of(hello)));
}

Result<wire::ToServer> next(wire::Channel& channel) {
  auto message = TRY(channel.receive_message<wire::ToServer>());
  if (!message)
    return fail(ErrorCode::EngineLost,
                "the worker process ended while it loaded the model; the log has its last words");
  return std::move(*message);
}

Result<void> check_hello(const wire::ToServer& message) {
  if (!message.has_hello())
    return fail(ErrorCode::CorruptData, "the worker did not begin with its version");
  if (message.hello().protocol() == wire::kProtocol) return {};
  return fail(
      ErrorCode::UnsupportedCapability,
      "the worker speaks version {} of the worker protocol and this server version {}; both "
      "must come from one installation: restart the server",
      message.hello().protocol(), wire::kProtocol);
}

/// Listens until the model is ready.
Result<ModelInfo> await_model(wire::Channel& channel, const LoadProgress& progress) {
  const wire::ToServer first = TRY(next(channel));
  TRY(check_hello(first));
  while (true) {
    const wire::ToServer message = TRY(next(channel));
    if (message.has_ready()) return wire::read_model(message.ready());
    if (message.has_refused()) return fail(wire::read_problem(message.refused()));
    if (!message.has_loading())
      return fail(ErrorCode::CorruptData, "the worker sent a message of kind {} while loading",
                  static_cast<int>(message.message_case()));
    if (progress) progress(message.loading().fraction());
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> open_remote(int fd, const LoadProgress& progress,
                                            std::function<void()> on_lost) {
  auto channel = std::make_unique<wire::Channel>(fd);
  // A worker that ended at once is told by what can be read from it, not by the failing write.
  const Result<void> greeted = greet(*channel);
  auto model = await_model(*channel, progress);
  if (!model) return fail(std::move(model).error());
  if (!greeted) return fail(greeted.error());
  return std::make_unique<RemoteEngine>(std::move(channel), std::move(*model), std::move(on_lost));
}

}  // namespace hearth::engine
