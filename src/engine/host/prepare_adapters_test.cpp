// Choices of adapters, and which prompts may share what is computed.
#include "engine/host/prepare_adapters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace hearth::engine {
namespace {

PromptReader reader() {
  PromptReader reader;
  reader.adapters = {"poet", "clerk"};
  return reader;
}

Request choosing(std::vector<AdapterChoice> choices, std::string salt = {}) {
  Request request;
  request.adapters = std::move(choices);
  request.cache_salt = std::move(salt);
  return request;
}

std::string refusal(const PromptReader& reader, const Request& request) {
  const auto prepared = prepare_adapters(reader, request);
  if (prepared) return "accepted";
  EXPECT_EQ(prepared.error().param, "lora");
  return prepared.error().message;
}

TEST(PrepareAdapters, NamesAndPlacesBecomeNumbers) {
  const auto adapters = prepare_adapters(reader(), choosing({{"clerk", 0.5}, {0U, 2}}));
  ASSERT_TRUE(adapters);
  ASSERT_EQ(adapters->size(), 2U);
  EXPECT_EQ(adapters->at(0).number, 0);
  EXPECT_EQ(adapters->at(0).scale, 2);
  EXPECT_EQ(adapters->at(1).number, 1);
  EXPECT_EQ(adapters->at(1).scale, 0.5F);
}

TEST(PrepareAdapters, ChoicesOfOneAddUpAndNothingIsLeftOut) {
  const auto adapters =
      prepare_adapters(reader(), choosing({{"poet", 0.5}, {0U, 0.25}, {"clerk", 0}}));
  ASSERT_TRUE(adapters);
  ASSERT_EQ(adapters->size(), 1U);
  EXPECT_EQ(adapters->front().scale, 0.75F);
}

TEST(PrepareAdapters, UnknownOnesAreRefusedWithWhatThereIs) {
  EXPECT_EQ(refusal(reader(), choosing({{"pirate"}})),
            "the model has no adapter \"pirate\"; those loaded with it are poet, clerk");
  EXPECT_THAT(refusal(reader(), choosing({{2U}})), ::testing::HasSubstr("no adapter 2"));
  EXPECT_THAT(refusal({}, choosing({{"poet"}})), ::testing::HasSubstr("--adapter"));
  EXPECT_THAT(refusal(reader(), choosing({{"poet", std::numeric_limits<double>::infinity()}})),
              ::testing::HasSubstr("finite"));
}

TEST(PrefixSalt, TellsApartWhatMustNotBeShared) {
  const auto salt = [](std::vector<AdapterChoice> choices, std::string own = {}) {
    const Request request = choosing(std::move(choices), std::move(own));
    return prefix_salt(request, *prepare_adapters(reader(), request));
  };
  EXPECT_EQ(salt({}), "");
  EXPECT_EQ(salt({{"poet", 0}}), "");
  EXPECT_EQ(salt({{"poet"}, {"clerk"}}), salt({{1U}, {0U}}));
  const std::vector<std::string> different{
      salt({}),           salt({{"poet"}}),           salt({{"clerk"}}), salt({{"poet", 0.5}}),
      salt({}, "tenant"), salt({{"poet"}}, "tenant"), salt({}, "0*1,|")};
  for (std::size_t i = 0; i < different.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(different[i], different[j]) << i << " " << j;
}

}  // namespace
}  // namespace hearth::engine
