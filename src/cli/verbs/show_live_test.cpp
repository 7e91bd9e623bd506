// How the live part of `hearth show` reads.
#include "cli/verbs/show_live.h"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

json::object report(std::string_view text) {
  return json::parse(text).as_object();
}

TEST(ShowLive, AModelThatLoads) {
  EXPECT_EQ(describe_live(report(R"({"id":"m","state":"loading","progress":0.42})")),
            "  now          loading, 42 %\n");
}

TEST(ShowLive, ALoadedModel) {
  EXPECT_EQ(describe_live(report(R"({"id":"m","state":"loaded","process":4711,
      "queue":{"running":2,"waiting":1},"batch":{"tokens":96,"decoding":2,"step_ms":12.34},
      "pages":{"used":1234,"cached":300,"total":5000},
      "cache":{"lookup_tokens":4000,"hit_tokens":3000,"hit_rate":0.75},
      "step_times":[{"tokens":1,"depth":0,"ms":2.5},{"tokens":512,"depth":1024,"ms":80}],
      "totals":{"steps":9,"prompt_tokens":2048,"completion_tokens":77},
      "memory":{"active_bytes":2000000000,"peak_bytes":3000000000}})")),
            "  now          loaded in process 4711\n"
            "  queue        2 running, 1 waiting\n"
            "  last step    96 tokens, 2 of them of answers, in 12.3 ms\n"
            "  KV pages     1,234 of 5,000 used, 300 kept for later prompts\n"
            "  prefix cache 75 % of 4,000 prompt tokens were there\n"
            "  computed     2,048 prompt tokens, 77 tokens of answers, in 9 steps\n"
            "  memory       2.0 GB (at most 3.0 GB)\n"
            "  step times\n"
            "     TOKENS  DEPTH     MS\n"
            "          1      0   2.50\n"
            "        512  1,024  80.00\n");
}

TEST(ShowLive, PagesOfLayersWithAWindowWhereThereAreSome) {
  const std::string text = describe_live(report(R"({"queue":{},
      "window_pages":{"used":12,"cached":30,"free":7,"total":1049}})"));
  EXPECT_NE(text.find("  window pages 12 of 1,049 used, 30 kept, of layers with a window\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(describe_live(report(R"({"queue":{}})")).find("window"), std::string::npos);
}

TEST(ShowLive, NoServerNoReport) {
  services::Settings settings;
  settings.port = 1;  // nobody listens there
  EXPECT_FALSE(live_state(settings, "m").has_value());
}

}  // namespace
}  // namespace hearth::cli
