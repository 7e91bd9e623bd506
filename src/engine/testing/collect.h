// Reading a generation to its end.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine::testing {

/// All that a generation says, put together.
struct Collected {
  std::string content;
  std::string reasoning;
  std::uint32_t told_tokens = 0;  ///< of all deltas
  std::vector<TokenId> ids;
  std::vector<TokenReport> content_reports;
  std::vector<TokenReport> reasoning_reports;
  std::vector<PromptProgress> progress;
  std::optional<Admitted> admitted;
  std::optional<Finished> finished;
  std::optional<Error> failed;

  void add(const Event& event) {
    if (const auto* delta = std::get_if<TextDelta>(&event)) {
      const bool is_content = delta->kind == TextDelta::Kind::Content;
      (is_content ? content : reasoning) += delta->text;
      ids.insert(ids.end(), delta->ids.begin(), delta->ids.end());
      auto& reports = is_content ? content_reports : reasoning_reports;
      reports.insert(reports.end(), delta->reports.begin(), delta->reports.end());
      told_tokens += delta->tokens;
    } else if (const auto* read = std::get_if<PromptProgress>(&event)) {
      progress.push_back(*read);
    } else if (const auto* accepted = std::get_if<Admitted>(&event)) {
      admitted = *accepted;
    } else if (const auto* end = std::get_if<Finished>(&event)) {
      finished = *end;
    } else {
      failed = std::get<Failed>(event).error;
    }
  }
};

/// Blocks until the generation has ended.
inline Collected collect(Generation& generation) {
  Collected all;
  while (true) {
    const auto events = generation.wait();
    if (events.empty()) return all;
    for (const Event& event : events) all.add(event);
  }
}

/// Asks, and blocks until all is said.
inline Collected answer(Engine& engine, Request request) {
  return collect(*engine.submit(std::move(request)));
}

}  // namespace hearth::engine::testing
