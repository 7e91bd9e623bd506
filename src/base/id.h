// Random identifiers: unguessable, with the prefix their kind demands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::base {

/// `prefix` + `digits` random lower-case hexadecimal digits from the system's generator, e.g.
/// `req_` + 12. Any thread.
std::string random_id(std::string_view prefix, std::size_t digits = 32);

/// 64 random bits from the system's generator. Any thread.
std::uint64_t random_u64();

}  // namespace hearth::base
