// What will be told of a conversion before it runs.
#pragma once

#include <vector>

#include "convert/arrange.h"
#include "convert/convert.h"
#include "convert/packing_plan.h"
#include "convert/shards.h"

namespace hearth::convert {

/// Matrices that stay plain, alike ones together.
std::vector<PlainLayers> plain_layers(const std::vector<Weight>& weights,
                                      const PackingPlan& packing);

/// Sizes and counts; what depends on the disk is left at 0.
Summary summarise(const Options& options, const Arrangement& arrangement,
                  const PackingPlan& packing, const std::vector<Shard>& shards,
                  const SourceTensors& source);

}  // namespace hearth::convert
