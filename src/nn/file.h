// A file on disk, by the name that this folder uses.
#pragma once

#include "base/file.h"

namespace hearth::nn {

using base::File;

}  // namespace hearth::nn
