// The publisher's loop.
#include "engine/host/publisher.h"

#include <utility>

namespace hearth::engine {

Publisher::Publisher(std::function<void(SequenceId)> stop)
    : stop_(std::move(stop)), thread_("engine-text", [this] { run(); }) {}

Publisher::~Publisher() {
  mailbox_.close();
  thread_.join();
}

void Publisher::run() {
  while (const auto step = mailbox_.wait())
    for (const News& news : step->news)
      if (news.reply->apply(news, step->started, step->ended)) stop_(news.reply->id());
}

}  // namespace hearth::engine
