// Does every chat template write what Jinja2, set up as transformers sets it up, writes?
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

#include "text/chat_template.h"
#include "text/test_data.h"

namespace hearth::text {
namespace {

using namespace testing;  // NOLINT: the tests' own helpers

constexpr std::int64_t kLocalSeconds = 1'709'210'645;  // as in the generator

std::uint64_t fnv1a(std::string_view data) {
  std::uint64_t state = 0xCBF29CE484222325;
  for (const unsigned char byte : data) state = (state ^ byte) * 0x100000001B3;
  return state;
}

std::string line_digests(std::string_view text) {
  std::string digests;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    digests += fmt::format("{:04x}", fnv1a(text.substr(at, end - at)) & 0xFFFF);
    at = end + 1;
  }
  return digests;
}

ChatPrompt prompt_of(const json::object& entry) {
  ChatPrompt prompt;
  prompt.messages = entry.at("messages").as_array();
  if (const json::value* tools = entry.if_contains("tools")) prompt.tools = tools->as_array();
  if (const json::value* v = entry.if_contains("variables")) prompt.variables = v->as_object();
  if (const json::value* wanted = entry.if_contains("add_generation_prompt")) {
    prompt.add_generation_prompt = wanted->as_bool();
  }
  prompt.continue_last = entry.contains("continue_last");
  return prompt;
}

/// What happened over all templates and conversations.
struct Report {
  int total = 0;
  int identical = 0;
  int both_refuse = 0;
  int wrongly_failed = 0;
  int wrongly_rendered = 0;
  std::vector<std::string> differences;
};

std::string first_different_line(std::string_view expected_digests, std::string_view text) {
  const std::string digests = line_digests(text);
  const std::size_t at =
      static_cast<std::size_t>(std::mismatch(digests.begin(), digests.end(),
                                             expected_digests.begin(), expected_digests.end())
                                   .first -
                               digests.begin());
  return fmt::format("from line {} on", at / 4 + 1);
}

void compare(const std::string& name, const json::object& expected,
             const Result<std::string>& rendered, Report& report) {
  ++report.total;
  const json::value* text = expected.if_contains("text");
  const bool fails = expected.contains("error");
  if (fails || !rendered) {
    if (fails && !rendered) {
      ++report.both_refuse;
    } else {
      ++(fails ? report.wrongly_rendered : report.wrongly_failed);
      report.differences.push_back(
          name + (fails ? ": renders what Jinja2 refuses" : ": " + rendered.error().message));
    }
    return;
  }
  if (text != nullptr) {
    if (*rendered == std::string_view(text->as_string())) {
      ++report.identical;
    } else {
      report.differences.push_back(fmt::format("{}:\n--- expected\n{}\n--- rendered\n{}", name,
                                               std::string_view(text->as_string()), *rendered));
    }
    return;
  }
  const bool same = expected.at("bytes").to_number<std::size_t>() == rendered->size() &&
                    fmt::format("{:016x}", fnv1a(*rendered)) ==
                        std::string_view(expected.at("fnv1a").as_string());
  if (same) {
    ++report.identical;
  } else {
    report.differences.push_back(name + ": " +
                                 first_different_line(expected.at("lines").as_string(), *rendered));
  }
}

void check_template(const std::filesystem::path& source, const std::filesystem::path& golden,
                    const json::object& conversations, Report& report) {
  TemplateOptions options;
  options.special_tokens = {{"bos_token", "<bos>"},
                            {"eos_token", "<eos>"},
                            {"pad_token", "<pad>"},
                            {"unk_token", "<unk>"}};
  options.local_seconds = [] { return kLocalSeconds; };
  const auto compiled = ChatTemplate::compile(json::string(read_file(source)), options);
  ASSERT_TRUE(compiled.has_value()) << source << ": " << compiled.error().message;
  const json::value expected = read_json(golden);
  EXPECT_EQ(describe((*compiled)->traits()), expected.at("traits").as_object()) << source;
  for (const auto& [name, result] : expected.at("cases").as_object()) {
    const auto rendered = (*compiled)->render(prompt_of(conversations.at(name).as_object()));
    compare(fmt::format("{} / {}", source.stem().string(), std::string_view(name)),
            result.as_object(), rendered, report);
  }
}

void print(const Report& report) {
  const int comparable = report.total - report.both_refuse;
  fmt::print(
      "templates x conversations: {} identical of {} ({:.2f} %), {} wrongly failed, {} wrongly "
      "rendered; {} more are refused by both\n",
      report.identical, comparable, 100.0 * report.identical / std::max(comparable, 1),
      report.wrongly_failed, report.wrongly_rendered, report.both_refuse);
  for (const std::string& difference : report.differences) fmt::print("  {}\n", difference);
  std::fflush(stdout);
}

Report check_folder(const std::filesystem::path& sources, const std::filesystem::path& goldens) {
  const json::value conversations = read_json(golden_folder() / "templates/conversations.json");
  Report report;
  for (const auto& entry : std::filesystem::directory_iterator(sources)) {
    if (entry.path().extension() != ".jinja") continue;
    const auto golden = goldens / (entry.path().stem().string() + ".json");
    check_template(entry.path(), golden, conversations.as_object(), report);
  }
  print(report);
  return report;
}

TEST(TemplateGoldens, OurOwnTemplatesAreIdentical) {
  const auto own = golden_folder() / "templates/own";
  const Report report = check_folder(own, own);
  EXPECT_GT(report.total, 200);
  EXPECT_EQ(report.identical + report.both_refuse, report.total);
}

TEST(TemplateGoldens, TheDemoModelsTemplateIsIdentical) {
  const json::value conversations = read_json(golden_folder() / "templates/conversations.json");
  Report report;
  check_template(
      std::filesystem::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo/chat_template.jinja",
      golden_folder() / "templates/own/hearth-demo.json", conversations.as_object(), report);
  print(report);
  EXPECT_EQ(report.identical + report.both_refuse, report.total);
}

TEST(TemplateGoldens, RealTemplatesAreIdentical) {
  const auto templates = shared_folder() / "chat-templates";
  SKIP_WITHOUT(templates);
  const Report report = check_folder(templates, golden_folder() / "templates");
  EXPECT_GT(report.total, 700);
  EXPECT_EQ(report.wrongly_failed, 0);
  EXPECT_GE(report.identical * 100, (report.total - report.both_refuse) * 99);
}

}  // namespace
}  // namespace hearth::text
