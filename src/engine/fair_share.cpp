// Joining, leaving and the common floor.
#include "engine/fair_share.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace hearth::engine {

Client& FairShare::join(const std::string& name) {
  const double level = floor();
  Client& client = clients_[name];
  if (client.requests++ == 0) client.served = level;
  return client;
}

void FairShare::leave(const std::string& name) {
  const auto found = clients_.find(name);
  assert(found != clients_.end());
  if (--found->second.requests == 0) clients_.erase(found);
}

double FairShare::floor() const {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [name, client] : clients_)
    if (client.requests > 0) least = std::min(least, client.served);
  return least < std::numeric_limits<double>::infinity() ? least : 0;
}

}  // namespace hearth::engine
