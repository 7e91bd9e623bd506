// Orders and lines as JSON.
#include "services/conversions/conversion_job.h"

#include <boost/describe.hpp>
#include <utility>

#include "base/decode.h"

namespace hearth::services {
namespace {

struct WireJob {
  std::string model;
  std::string base_model;
  std::string source;
  std::string target;
  json::value options;
  bool replaces = false;
  bool begun = false;
};
BOOST_DESCRIBE_STRUCT(WireJob, (), (model, base_model, source, target, options, replaces, begun))

struct WireProgress {
  std::string phase;
  std::uint64_t done = 0;
  std::uint64_t all = 0;
  std::string at;
  std::optional<std::int64_t> seconds_left;
};
BOOST_DESCRIBE_STRUCT(WireProgress, (), (phase, done, all, at, seconds_left))

struct WireError {
  std::string code;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(WireError, (), (code, message))

/// One of them.
struct WireLine {
  std::optional<WireProgress> progress;
  std::optional<json::object> done;
  std::optional<WireError> error;
};
BOOST_DESCRIBE_STRUCT(WireLine, (), (progress, done, error))

json::object to_json(const JobLine& line) {
  if (const auto* progress = std::get_if<JobProgress>(&line))
    return {{"progress", json::object{{"phase", progress->phase},
                                      {"done", progress->done},
                                      {"all", progress->all},
                                      {"at", progress->at},
                                      {"seconds_left", progress->seconds_left
                                                           ? json::value(*progress->seconds_left)
                                                           : json::value()}}}};
  if (const auto* done = std::get_if<JobDone>(&line)) return {{"done", done->result}};
  const Error& error = std::get<Error>(line);
  return {{"error", json::object{{"code", base::name(error.code)}, {"message", error.message}}}};
}

}  // namespace

std::string write_job(const ConversionJob& job) {
  return base::write_json(json::object{{"model", job.model},
                                       {"base_model", job.base_model},
                                       {"source", job.source.string()},
                                       {"target", job.target.string()},
                                       {"options", write_conversion_options(job.options)},
                                       {"replaces", job.replaces},
                                       {"begun", job.begun}});
}

Result<ConversionJob> read_job(const std::string& text) {
  auto job = TRY(base::decode<WireJob>(TRY(base::parse_json(text))));
  return ConversionJob{.model = std::move(job.model),
                       .base_model = std::move(job.base_model),
                       .source = std::move(job.source),
                       .target = std::move(job.target),
                       .options = TRY(read_conversion_options(job.options, "options")),
                       .replaces = job.replaces,
                       .begun = job.begun};
}

std::string write_job_line(const JobLine& line) {
  return base::write_json(to_json(line)) + "\n";
}

Result<JobLine> read_job_line(const std::string& text) {
  const auto document = base::parse_json(text);
  auto line = document ? base::decode<WireLine>(*document)
                       : Result<WireLine>(std::unexpected(document.error()));
  if (!line || (!line->progress && !line->done && !line->error))
    return fail(ErrorCode::CorruptData, "the conversion's process wrote what makes no sense: {}",
                text.substr(0, 200));
  if (line->error)
    return Error{.code = base::error_code(line->error->code),
                 .message = std::move(line->error->message)};
  if (line->done) return JobDone{std::move(*line->done)};
  return JobProgress{.phase = std::move(line->progress->phase),
                     .done = line->progress->done,
                     .all = line->progress->all,
                     .at = std::move(line->progress->at),
                     .seconds_left = line->progress->seconds_left};
}

}  // namespace hearth::services
