// Who may read and write the files that are made in the cache.
#pragma once

#include <sys/stat.h>

namespace hearth::hub {

/// All whom the umask lets: the cache is shared with other tools, perhaps with other users.
inline constexpr mode_t kFileMode = 0666;

}  // namespace hearth::hub
