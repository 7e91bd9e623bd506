// A GGUF file, planned before a byte of it is written.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "convert/arrange.h"
#include "convert/gguf_export.h"
#include "convert/gguf_writer.h"
#include "convert/opened_model.h"
#include "gguf/header_text.h"

namespace hearth::convert {

struct GgufPlan {
  OpenedModel model;
  Arrangement arrangement;
  std::vector<GgufTreatment> treatments;     ///< as the weights are ordered
  std::vector<gguf::PlannedTensor> tensors;  ///< likewise; the rope's factors, if any, come last
  std::vector<float> rope_factors;
  std::string header;  ///< all that stands in front of the tensors' data
  Summary summary;     ///< without what depends on the target
};

/// Reads headers and plans. @returns what GgufExport::make returns.
Result<GgufPlan> plan_gguf(const GgufOptions& options);

}  // namespace hearth::convert
