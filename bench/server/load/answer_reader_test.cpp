// Reading answers as servers write them, in whatever pieces they come.
#include "load/answer_reader.h"

#include <gtest/gtest.h>

namespace hearth::load {
namespace {

constexpr std::string_view kStream =
    "data: {\"choices\":[{\"index\":0,\"text\":\"t00101\"}],\"usage\":null}\n\n"
    ": ping\n\n"
    "data: {\"choices\":[{\"text\": \"t00102t00103\", \"index\": 0}]}\n\n"
    "data: {\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n"
    "data: [DONE]\n\n";

Record read(std::string_view bytes, std::size_t step, std::uint32_t characters_per_token = 6) {
  Record record;
  AnswerReader reader(record, characters_per_token);
  for (std::size_t at = 0; at < bytes.size(); at += step)
    reader.read_events(bytes.substr(at, step), static_cast<double>(at));
  reader.finish(200, /*streamed=*/true);
  return record;
}

TEST(AnswerReader, CountsTokensByTheLengthOfTheirText) {
  const Record record = read(kStream, kStream.size());
  EXPECT_EQ(record.error, "");
  ASSERT_EQ(record.arrivals.size(), 2U);
  EXPECT_EQ(record.arrivals[0].tokens, 1U);
  EXPECT_EQ(record.arrivals[1].tokens, 2U);
  EXPECT_EQ(record.text, "t00101t00102t00103");
  EXPECT_EQ(record.prompt_tokens, 7U);
  EXPECT_EQ(record.completion_tokens, 3U);
  EXPECT_EQ(record.cached_tokens, 4U);
}

TEST(AnswerReader, PiecesMayEndAnywhere) {
  for (std::size_t step = 1; step < 40; ++step) {
    const Record record = read(kStream, step);
    EXPECT_EQ(record.error, "") << step;
    EXPECT_EQ(record.text, "t00101t00102t00103") << step;
    EXPECT_EQ(record.completion_tokens, 3U) << step;
  }
}

TEST(AnswerReader, AnEventIsOneTokenWhereTheLengthIsNotKnown) {
  EXPECT_EQ(read(kStream, 1000, 0).arrivals[1].tokens, 1U);
}

TEST(AnswerReader, AnErrorInTheStreamIsTheRequestsError) {
  const Record record = read(
      "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"error\":{\"message\":\"lost\"}}\n\n", 9);
  EXPECT_EQ(record.error, R"({"message":"lost"})");
}

TEST(AnswerReader, AStreamThatIsCutOffIsAnError) {
  EXPECT_EQ(read("data: {\"choices\":[{\"text\":\"a\"}]}\n\n", 9).error,
            "the stream ended without [DONE]");
}

TEST(AnswerReader, ReadsAWholeAnswer) {
  Record record;
  AnswerReader reader(record, 6);
  reader.read_body(R"({"choices":[{"text":"t00101","index":0}],"timings":{"cache_n":5},)");
  reader.read_body(R"("usage":{"prompt_tokens":9,"completion_tokens":1}})");
  reader.finish(200, /*streamed=*/false);
  EXPECT_EQ(record.error, "");
  EXPECT_EQ(record.text, "t00101");
  EXPECT_EQ(record.cached_tokens, 5U);
}

TEST(AnswerReader, AStatusOtherThan200IsAnErrorWithItsReason) {
  Record record;
  AnswerReader reader(record, 6);
  reader.read_body(R"({"error":{"message":"the queue is full"}})");
  reader.finish(503, /*streamed=*/true);
  EXPECT_EQ(record.error, R"({"message":"the queue is full"})");
}

}  // namespace
}  // namespace hearth::load
