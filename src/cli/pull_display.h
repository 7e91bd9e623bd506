// How a download is shown: a bar on a terminal, lines in a pipe, JSON for programs.
#pragma once

#include <memory>

#include "hub/snapshot.h"

namespace hearth::cli {

/// Writes to standard output, step by step. One thread.
class PullDisplay {
 public:
  virtual ~PullDisplay() = default;
  virtual void planned(const hub::SnapshotPlan& plan) = 0;
  virtual void progress(const hub::Progress& progress) = 0;
  virtual void done(const hub::SnapshotPlan& plan, const hub::Snapshot& snapshot) = 0;
  /// Ctrl-C. @param kept  whether what is here was kept
  virtual void stopped(const std::string& repository, bool kept) = 0;
  virtual void failed(const Error& error) = 0;
};

std::unique_ptr<PullDisplay> pull_display(bool as_json);

}  // namespace hearth::cli
