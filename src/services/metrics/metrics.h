// What the server counts, in Prometheus' terms. Any thread; no prompt or answer text.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "services/pool/pool.h"

namespace hearth::services {

/// One finished HTTP request, as the metrics see it.
struct HttpObservation {
  std::string route;  ///< the pattern; "unmatched" where there is none, so that labels stay few
  int status = 0;
  double duration_ms = 0;
  bool client_left = false;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  void http_finished(const HttpObservation& observation);
  void generation_started();
  void first_token(double ms);
  void generation_finished(const engine::Usage& usage, double duration_ms);
  void generation_failed(base::ErrorCode code);
  void generation_cancelled();

  /// The text of /metrics: the counters above and the present state of the loaded models.
  std::string text(const std::vector<LoadedModel>& models) const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace hearth::services
