// Orders and lines between the server and the process that converts.
#include "services/conversions/conversion_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using ::testing::HasSubstr;

TEST(ConversionJob, GoesOverTheWire) {
  const ConversionJob job{.model = "org/modèle \"x\"",
                          .base_model = "org/m",
                          .source = "/a b/c",
                          .target = "/d",
                          .options = {.bits = 4, .measure = true},
                          .replaces = true,
                          .begun = true};
  const auto read = read_job(write_job(job));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->model, job.model);
  EXPECT_EQ(read->source, job.source);
  EXPECT_EQ(read->options, job.options);
  EXPECT_TRUE(read->replaces && read->begun);
  EXPECT_FALSE(read_job("{}"));
  EXPECT_FALSE(read_job("no json"));
}

TEST(ConversionJob, LinesGoOverTheWire) {
  const JobProgress progress{.phase = "converting",
                             .done = 1,
                             .all = std::uint64_t{1} << 40,
                             .at = "a\nb",
                             .seconds_left = 7};
  const std::string text = write_job_line(progress);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(std::get<JobProgress>(*read_job_line(text)), progress);
  const auto done = read_job_line(write_job_line(JobDone{{{"bytes", 7}}}));
  EXPECT_EQ(std::get<JobDone>(*done).result.at("bytes").as_int64(), 7);
  const auto error = read_job_line(
      write_job_line(Error{.code = ErrorCode::CorruptData, .message = "config.json is damaged"}));
  EXPECT_EQ(std::get<Error>(*error).code, ErrorCode::CorruptData);
  EXPECT_EQ(std::get<Error>(*error).message, "config.json is damaged");
}

TEST(ConversionJob, WhatMakesNoSenseIsTold) {
  for (const char* text : {"", "{}", "[]", "null", R"({"progress":{}})", R"({"done":7})"}) {
    const auto line = read_job_line(text);
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().code, ErrorCode::CorruptData);
    EXPECT_THAT(line.error().message, HasSubstr("makes no sense"));
  }
}

}  // namespace
}  // namespace hearth::services
