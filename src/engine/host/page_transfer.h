// Moving a prompt's pages between the cache and plain memory, a few at a time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/page_cache.h"
#include "engine/prompts/cache_tensor.h"
#include "engine/scheduler.h"
#include "engine/step_runner.h"

namespace hearth::engine {

/// What a transfer touches. Engine thread only, between steps.
struct CacheAccess {
  PageCache& cache;
  Scheduler& scheduler;
  StepRunner& runner;
};

/// A prompt on its way: whole pages of tokens, and as much of their content as has been moved.
struct Transfer {
  std::vector<TokenId> tokens;
  std::string salt = {};
  std::vector<CacheTensor> tensors = {};
  std::size_t pages = 0;      ///< copied so far, on the way out
  bool state_copied = false;  ///< on the way out

  std::size_t whole() const { return tokens.size() / kPageTokens; }
};

/// How far a transfer is.
enum class Moved { Partly, Wholly };

/// Copies the next pages out of the cache. Nothing is held in between: pages are found again each
/// time, so nobody has to wait for a transfer.
/// @returns Overloaded where the pages were needed elsewhere meanwhile; errors of the device.
Result<Moved> copy_out(const CacheAccess& access, Transfer& transfer);

/// Puts the next pages, and behind the last one the state, into the cache, where later prompts find
/// them. Where there is no room the rest is left out, which is no fault.
/// @returns CorruptData where the content is of another kind of cache; errors of the device.
Result<Moved> copy_in(const CacheAccess& access, const Transfer& transfer);

}  // namespace hearth::engine
