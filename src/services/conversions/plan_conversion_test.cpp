// From a request to a row: names, places, and what is refused.
#include "services/conversions/plan_conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct PlanWorld {
  testing::TempFolder folder;
  fs::path made = folder.path();
  Library library{{.hub_cache = {}, .plain = {folder.path()}}};
  ConversionPresets presets{nullptr};

  PlanWorld() { folder.add_model("org/model"); }
  Result<store::ConversionRow> plan(const ConversionRequest& request) {
    return plan_conversion(library, presets, made, request);
  }
  std::string refusal(const ConversionRequest& request) {
    const auto row = plan(request);
    return row ? "it was planned" : row.error().message;
  }
};

TEST(PlanConversion, FindsTheSourceAndNamesTheTarget) {
  PlanWorld world;
  const auto row = world.plan({.model = "model", .preset = "8bit", .options = {.group = 32}});
  ASSERT_TRUE(row) << row.error().message;
  EXPECT_EQ(row->model, "org/model");
  EXPECT_EQ(row->source, (world.folder.path() / "org" / "model").string());
  EXPECT_EQ(row->target, (world.made / "model-8bit").string());
  EXPECT_EQ(row->options, R"({"bits":8,"group":32})");
  EXPECT_GT(row->memory_bytes, 0U);
  const auto job = job_of(*row);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->options.bits, 8);
  EXPECT_EQ(job->base_model, "") << "it is not from the Hub";
  EXPECT_EQ(world.plan({.model = "model", .name = "me/small"})->target,
            (world.made / "me" / "small").string());
}

TEST(PlanConversion, MeasuringTakesMoreMemory) {
  PlanWorld world;
  const auto plain = world.plan({.model = "model"});
  const auto measured = world.plan({.model = "model", .options = {.measure = true}});
  EXPECT_GT(measured->memory_bytes, plain->memory_bytes);
}

TEST(PlanConversion, RefusesWhatCannotBe) {
  PlanWorld world;
  world.folder.add_model("model-4bit");
  EXPECT_THAT(world.refusal({.model = "model"}), HasSubstr("model-4bit already"));
  EXPECT_TRUE(world.plan({.model = "org/model", .replaces = true}));
  EXPECT_THAT(world.refusal({.model = "org/model", .name = "org/model", .replaces = true}),
              HasSubstr("cannot be replaced by what is made of it"));
  for (const char* name : {"../up", "a/b/c", ".hidden", "/etc", "a/", "a b", "org/.x"})
    EXPECT_THAT(world.refusal({.model = "org/model", .name = name}), HasSubstr("must be a name"))
        << name;
  EXPECT_THAT(world.refusal({.model = "org/model", .preset = "no"}), HasSubstr("no preset \"no\""));
  EXPECT_THAT(world.refusal({.model = "org/model", .options = {.target_bpw = 5}}),
              HasSubstr("recipe auto"));
  EXPECT_EQ(world.plan({.model = "modle"}).error().code, ErrorCode::ModelNotFound);
}

TEST(PlanConversion, KnowsModelsOfTheHub) {
  EXPECT_EQ(hub_name("org/m", "/cache/models--org--m/snapshots/abc"), "org/m");
  EXPECT_EQ(hub_name("m", "/data/models/m"), "");
}

}  // namespace
}  // namespace hearth::services
