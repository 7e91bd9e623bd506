// Biases and orders in all their forms, and how a wrong one is named.
#include "api/openai/sampling_fields.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/openai/chat_request.h"

namespace hearth::api::openai {
namespace {

using ::testing::ElementsAre;
using enum engine::SamplerStep;

template <class Field>
std::string fault(std::string_view text) {
  base::DecodeContext context;
  Field field;
  base::Decode<Field>::read(json::parse(text), field, context);
  std::string all;
  for (const auto& error : context.take_errors()) all += error.path + ": " + error.message + "\n";
  return all;
}

std::vector<engine::TokenBias> biases(std::string_view text) {
  base::DecodeContext context;
  LogitBiasField field;
  base::Decode<LogitBiasField>::read(json::parse(text), field, context);
  EXPECT_TRUE(context.clean()) << text;
  return field.biases;
}

TEST(LogitBiasField, IsAnObjectOfIds) {
  const auto read = biases(R"({"50256":-100,"0":2.5})");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(std::get<engine::TokenId>(read[0].token), 50256U);
  EXPECT_EQ(read[0].bias, -100);
  EXPECT_EQ(std::get<engine::TokenId>(read[1].token), 0U);
  EXPECT_TRUE(biases("{}").empty());
}

TEST(LogitBiasField, OrAListOfPairsWithTextsAndFalse) {
  const auto read = biases(R"([[15, 1], [" cat", -3.5], [7, false]])");
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(std::get<engine::TokenId>(read[0].token), 15U);
  EXPECT_EQ(std::get<std::string>(read[1].token), " cat");
  EXPECT_EQ(read[2].bias, -INFINITY);
}

TEST(LogitBiasField, FaultsAreNamedByTheirPath) {
  const auto is = [](std::string_view text, std::string_view expected) {
    EXPECT_EQ(fault<LogitBiasField>(text), std::string(expected) + "\n") << text;
  };
  is(R"({"12":101})", "12: must be a number from -100 to 100");
  is(R"({"12":false})", "12: must be a number from -100 to 100");
  is(R"({"cat":1})", "cat: must be a token id; texts go into the form [[\"text\", bias]]");
  is(R"({"-1":1})", "-1: must be a token id; texts go into the form [[\"text\", bias]]");
  is(R"([[1]])", "[0]: must be a pair [token id or text, bias or false]");
  is(R"([[1,2],[-4,2]])", "[1][0]: is out of range or not whole");
  is(R"([[1,true]])", "[0][1]: must be a number from -100 to 100, or false for never");
  is("5", ": must be an object {\"token id\": bias} or a list of pairs");
}

TEST(SamplersField, HoldsLlamaServersNames) {
  base::DecodeContext context;
  SamplersField field;
  base::Decode<SamplersField>::read(
      json::parse(R"(["penalties","dry","top_n_sigma","top_k","typ_p","top_p","min_p","xtc",
                      "temperature"])"),
      field, context);
  EXPECT_TRUE(context.clean());
  EXPECT_THAT(field.steps,
              ElementsAre(Penalties, TopNSigma, TopK, TypicalP, TopP, MinP, Xtc, Temperature));
}

TEST(SamplersField, FaultsAreNamedByTheirPath) {
  EXPECT_TRUE(fault<SamplersField>(R"(["top_k","magic"])").starts_with("[1]: must be penalties,"));
  EXPECT_EQ(fault<SamplersField>(R"([5])"), "[0]: must be a string\n");
  EXPECT_EQ(fault<SamplersField>(R"("kp")"), ": must be a list of step names\n");
  EXPECT_EQ(fault<SamplersField>("[]"),
            ": must name at least one step; leave it out for the usual order\n");
}

}  // namespace
}  // namespace hearth::api::openai
