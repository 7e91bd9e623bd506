// The order of a model's tensors: as a forward pass meets them.
#pragma once

#include <string_view>

namespace hearth::convert {

/// True where `a` comes before `b`: embeddings, layers by number, attention before feed-forward
/// before norms, the head last. Decides only which shard a tensor lies in.
bool comes_before(std::string_view a, std::string_view b);

}  // namespace hearth::convert
