// For tests: AMX's tiles in plain C++, as Intel's Software Developer's Manual describes their
// instructions, and the paths of products that compute with what a machine need not have.
//
// Units with an instruction set's flags include it: no inline function (panel_path.h says why).
#pragma once

#include <cstdint>

#include "kernels/panel_path.h"
#include "kernels/tile_shapes.h"

namespace hearth::kernels::testing {

// Each thread has tiles of its own. Where a processor would fault, the instruction does nothing and
// the rule that was broken is kept.

void tile_configure(const TileShapes& shapes);                    ///< LDTILECFG
void tile_release();                                              ///< TILERELEASE
void tile_zero(int tile);                                         ///< TILEZERO
void tile_load(int tile, const void* from, std::int64_t stride);  ///< TILELOADD
void tile_store(int tile, void* to, std::int64_t stride);         ///< TILESTORED
void tile_add_dots(int sums, int left, int right);                ///< TDPBSUD

/// The first rule that any thread has broken since the last call, or null.
const char* broken_tile_rule();

/// Threads whose tiles are configured.
int threads_with_tiles();

/// How often tiles were configured, on all threads.
int tile_configurations();

/// The AMX path on modelled tiles. Needs AVX-512.
extern const PanelPath kPanelModelledTiles;

/// The AVX2 path's form for AVX-VNNI, with AVX-512's encoding of the same instruction.
extern const PanelPath kPanelAvx2VnniOfAvx512;

}  // namespace hearth::kernels::testing
