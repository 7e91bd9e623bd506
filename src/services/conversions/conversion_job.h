// What the server and the process that converts for it say to each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "base/json.h"
#include "base/result.h"
#include "services/conversions/conversion_options.h"

namespace hearth::services {

/// The order: one conversion.
struct ConversionJob {
  std::string model;             ///< what the source is called
  std::string base_model;        ///< ORG/NAME on the Hub; empty: not known
  std::filesystem::path source;  ///< the folder
  std::filesystem::path target;  ///< the folder to make
  ConversionOptions options = {};
  bool replaces = false;  ///< what stands at the target goes
  /// An earlier process was at it: a target that is there by now is its work.
  bool begun = false;
};

std::string write_job(const ConversionJob& job);
/// @returns InvalidArgument
Result<ConversionJob> read_job(const std::string& text);

/// How far it is.
struct JobProgress {
  std::string phase;       ///< starting, measuring, converting, comparing
  std::uint64_t done = 0;  ///< matrices, numbers, tokens
  std::uint64_t all = 0;
  std::string at;                            ///< matrix, tensor or model at hand
  std::optional<std::int64_t> seconds_left;  ///< of the phase; none while nobody knows
  std::int64_t process = 0;                  ///< that is at it; whoever reads the lines knows

  bool operator==(const JobProgress&) const = default;
};

/// The job is done: what came out, as JSON.
struct JobDone {
  json::object result;
};

/// One line of the process. The last one is JobDone or an Error (Cancelled: it was told to stop).
using JobLine = std::variant<JobProgress, JobDone, Error>;

/// With the end of the line.
std::string write_job_line(const JobLine& line);
/// @returns CorruptData for what write_job_line() does not write
Result<JobLine> read_job_line(const std::string& text);

}  // namespace hearth::services
