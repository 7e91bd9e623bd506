// Numbers, bytes and names of tokens.
#include "api/openai/logprobs.h"

#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <set>
#include <string_view>

#include "base/json.h"
#include "base/utf8.h"

namespace hearth::api::openai {
namespace {

using engine::TokenChance;
using engine::TokenReport;

constexpr std::string_view kLogOfZero = "-9999.0";

void append_logprob(std::string& out, float logprob) {
  if (!std::isfinite(logprob)) {
    out += kLogOfZero;
  } else {
    fmt::format_to(std::back_inserter(out), "{}", logprob == 0 ? 0.0F : logprob);
  }
}

/// `"token":..,"logprob":..,"bytes":[..]`, for a report or a chance.
template <class Token>
void append_token(std::string& out, const Token& token, float logprob) {
  out += R"("token":)";
  base::append_json_string(out, token.bytes);
  out += R"(,"logprob":)";
  append_logprob(out, logprob);
  out += R"(,"bytes":[)";
  for (std::size_t i = 0; i < token.bytes.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{}", i > 0 ? "," : "",
                   static_cast<unsigned char>(token.bytes[i]));
  out.push_back(']');
}

void append_list(std::string& out, std::span<const TokenReport> reports) {
  out.push_back('[');
  for (std::size_t i = 0; i < reports.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    append_token(out, reports[i], reports[i].logprob.value_or(0));
    out += R"(,"top_logprobs":[)";
    for (std::size_t j = 0; j < reports[i].top.size(); ++j) {
      const TokenChance& chance = reports[i].top[j];
      out += j > 0 ? ",{" : "{";
      append_token(out, chance, chance.logprob);
      out.push_back('}');
    }
    out += "]}";
  }
  out.push_back(']');
}

std::string name_of(std::string_view bytes) {
  if (base::is_utf8(bytes)) return std::string(bytes);
  std::string name = "bytes:";
  for (const char byte : bytes)
    fmt::format_to(std::back_inserter(name), "\\x{:02x}", static_cast<unsigned char>(byte));
  return name;
}

/// The likeliest tokens and the one that came, as `{"token": logprob}`.
void append_top(std::string& out, const TokenReport& report) {
  if (!report.logprob) {
    out += "null";
    return;
  }
  std::set<std::string> seen;
  out.push_back('{');
  const auto add = [&](const std::string& name, float logprob) {
    if (!seen.insert(name).second) return;
    if (seen.size() > 1) out.push_back(',');
    base::append_json_string(out, name);
    out.push_back(':');
    append_logprob(out, logprob);
  };
  for (const TokenChance& chance : report.top) add(name_of(chance.bytes), chance.logprob);
  add(name_of(report.bytes), *report.logprob);
  out.push_back('}');
}

template <class Write>
void append_column(std::string& out, std::string_view name, std::span<const TokenReport> reports,
                   Write write) {
  fmt::format_to(std::back_inserter(out), R"("{}":[)", name);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (i > 0) out.push_back(',');
    write(reports[i]);
  }
  out.push_back(']');
}

}  // namespace

void append_chat_logprobs(std::string& out, std::span<const TokenReport> content,
                          std::span<const TokenReport> reasoning) {
  out += R"({"content":)";
  append_list(out, content);
  out += R"(,"refusal":null)";
  if (!reasoning.empty()) {
    out += R"(,"reasoning_content":)";
    append_list(out, reasoning);
  }
  out.push_back('}');
}

void append_text_logprobs(std::string& out, std::span<const TokenReport> reports) {
  out.push_back('{');
  append_column(out, "tokens", reports, [&](const TokenReport& report) {
    base::append_json_string(out, name_of(report.bytes));
  });
  out.push_back(',');
  append_column(out, "token_logprobs", reports, [&](const TokenReport& report) {
    if (report.logprob)
      append_logprob(out, *report.logprob);
    else
      out += "null";
  });
  out.push_back(',');
  append_column(out, "top_logprobs", reports,
                [&](const TokenReport& report) { append_top(out, report); });
  out.push_back(',');
  append_column(out, "text_offset", reports, [&](const TokenReport& report) {
    fmt::format_to(std::back_inserter(out), "{}", report.offset);
  });
  out.push_back('}');
}

}  // namespace hearth::api::openai
