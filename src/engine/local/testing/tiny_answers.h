// For tests: an engine of this process, what it is asked, and answers that must come to their end.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>

#include "engine/open_local.h"
#include "engine/testing/collect.h"

namespace hearth::engine::testing {

inline std::unique_ptr<Engine> open_engine(const EngineOptions& options) {
  auto engine = open_local(options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

/// The likeliest tokens, as many as are asked for.
inline Request greedy_request(const std::string& text, std::uint32_t max_tokens = 60) {
  return {.id = "r",
          .input = TextInput{text},
          .sampling = {.temperature = 0.0},
          .max_tokens = max_tokens,
          .ignore_eos = true};
}

inline Collected finished_answer(Engine& engine, Request request) {
  Collected said = collect(*engine.submit(std::move(request)));
  EXPECT_TRUE(said.finished) << (said.failed ? said.failed->message : "");
  return said;
}

}  // namespace hearth::engine::testing
