// Why a request does not reach a handler.
#pragma once

#include "base/result.h"

namespace hearth::http {

struct Fault {
  Error error;
  int status = 0;     ///< overrides the one the ErrorWriter chooses (431, 417, 505: no error code
                      ///< names them); 0: none
  std::string allow;  ///< the Allow field of a 405
};

}  // namespace hearth::http
