// What happens to one head of one token between the projection and attention: norm and rotation.
#pragma once

#include <cstdint>

namespace hearth::kernels {

/// Root mean square norm of each head.
struct HeadNorm {
  const float* weights = nullptr;  ///< [Dh], or [heads][Dh]; null: all are 1
  std::int64_t stride = 0;         ///< from head to head; 0: one weight for all of them
  float epsilon = 0.0F;
  bool on = false;
};

/// The turn of each token's first `dims` channels: x cos + its partner's sin.
struct HeadTurn {
  const float* cosines = nullptr;  ///< [T][dims], both channels of a pair alike
  const float* sines = nullptr;    ///< [T][dims], the first channel's negative
  int dims = 0;                    ///< even; 0: nothing turns
  bool interleaved = false;        ///< pairs are neighbours, else halves
};

/// How the heads of queries, or of keys, are placed.
struct HeadPlacing {
  HeadNorm norm;
  bool norm_after_turn = false;
  HeadTurn turn;
  float factor = 1.0F;  ///< of the result
};

/// One head of one token.
struct HeadPlace {
  int token;
  int head;
  int width;
};

/// from [width] → to [width], which do not overlap.
void place_head(const HeadPlacing& placing, const HeadPlace& at, const float* from, float* to);

}  // namespace hearth::kernels
