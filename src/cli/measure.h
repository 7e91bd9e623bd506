// Measuring one model against another, as several verbs do it and tell of it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "quality/compare.h"

namespace hearth::cli {

/// What the flags say about the measuring.
struct MeasureInput {
  std::string text;  ///< a file; empty: the built-in text
  int tokens = 0;    ///< 0: the whole built-in text, or 4,096 of a file
};

/// Adds --text and --tokens.
void add_measure_options(CLI::App& verb, MeasureInput& input);

/// A model by its folder, and how users call it.
struct MeasuredModel {
  std::filesystem::path folder;
  std::string name;
};

/// Compares, with a line of progress on a terminal. Ctrl-C ends the program with status 130.
/// @returns what quality::compare returns; NotFound or TooLarge for the text.
Result<quality::Comparison> measure(const MeasuredModel& reference, const MeasuredModel& other,
                                    const MeasureInput& input, bool quiet);

/// What the text is called in reports: "the built-in text", or the file's name.
std::string text_name(const MeasureInput& input);

/// The table, and the distances below it.
std::string comparison_text(const quality::Comparison& comparison, const std::string& reference,
                            const std::string& other, const std::string& text_name);

}  // namespace hearth::cli
