// What one instruction set brings to attention: functions over plain memory.
//
// As in panel_path.h, the units that are compiled with an instruction set's own flags include
// this header and intrinsics only, so it holds no inline function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearth::kernels {

/// Tokens whose keys (or values) of one head lie together.
inline constexpr int kPageRows = 32;
/// Keys of a sequence that are weighed together, counted from its first token: where the spans lie
/// does not depend on what a step computes, so neither does the order of any sum.
inline constexpr int kSpanKeys = 256;
/// Widths are filled up to a multiple of this.
inline constexpr int kWidthLanes = 16;
/// Smaller exponents give 0, so that no weight is subnormal.
inline constexpr float kLowestExponent = -87.0F;
/// exp: 2^n times a polynomial of what is left; adding this rounds to a whole n.
inline constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23
inline constexpr float kLog2E = 1.44269504F;
/// ln 2 in two parts; n times the first one is exact.
inline constexpr float kLn2High = 0.693359375F;
inline constexpr float kLn2Low = -2.12194440e-4F;
/// 1 / i!, the highest power first.
inline constexpr int kExpTerms = 8;
inline constexpr float kExpFactors[kExpTerms] = {
    1.0F / 5040.0F, 1.0F / 720.0F, 1.0F / 120.0F, 1.0F / 24.0F, 1.0F / 6.0F, 0.5F, 1.0F, 1.0F};

/// Queries for which a page is turned and scored, or unpacked and mixed, at once.
inline constexpr int kFusedRows = 8;

/// How the numbers of a key or value lie in a page.
enum class KvType : std::uint8_t {
  F32,
  BF16,
  F16,
  Bits8,  ///< codes of 8 bits, then a float32 scale per group, then a bias per group
  Bits4,  ///< the same with 4 bits
};

/// One row of a pool: the key or the value of one token and one head.
struct KvRow {
  KvType type = KvType::F32;
  int width = 0;  ///< numbers
  int group = 0;  ///< numbers that share a scale, where they are packed
  int bytes = 0;
  /// A page's rows lie channel by channel instead: [width][kPageRows]. Never of packed types.
  bool turned = false;
};

/// Rows of one page, and what is read next, which is asked for meanwhile: as much memory, of which
/// any part may not exist.
struct KvPage {
  const std::uint8_t* rows;
  const std::uint8_t* next;
};

constexpr float kLargestF16 = 65504.0F;

/// Where rows become numbers: [count][stride], zeros behind their width.
struct NumbersTarget {
  float* numbers;
  int stride;  ///< a multiple of kWidthLanes
};

/// Queries against the keys of one page.
struct Scoring {
  const float* queries;  ///< [rows][stride], zeros behind the width
  int stride;
  int rows;
  const float* keys;  ///< [width][kPageRows]
  int width;
  float* scores;  ///< [rows] of kPageRows each, kSpanKeys apart
};

/// One query's scores of a span, which become weights.
struct Weighing {
  float* scores;   ///< [kSpanKeys]
  int from, to;    ///< the keys that others look at, multiples of kWidthLanes
  int begin, end;  ///< the keys that this query sees; the others between from and to get weight 0
  float softcap;   ///< 0: none
};

/// Of one query's scores: the largest, and the sum of exp(score - largest).
struct Peak {
  float largest;
  float sum;
};

/// Weighted values of one page, added to what there is.
struct Mixing {
  const float* weights;  ///< [rows], kSpanKeys apart
  int rows;
  const float* values;  ///< [count][value_stride]
  int value_stride;
  int count;     ///< keys
  int width;     ///< a multiple of kWidthLanes
  float* mixed;  ///< [rows][width]
};

/// What some queries have gathered: peaks, and the mixed values in the same unit.
struct Gathered {
  float* largest;  ///< [rows]
  float* sums;     ///< [rows]
  float* mixed;    ///< [rows][width]
};

/// All paths do the same operations in the same order, so they agree to the last bit.
struct AttentionPath {
  /// Keys of a page → [width][kPageRows].
  void (*turn)(const KvRow& row, const KvPage& page, float* turned);
  /// `count` rows of a page as numbers; not of turned ones.
  void (*unpack)(const KvRow& row, const KvPage& page, int count, const NumbersTarget& to);
  /// Each score is a chain of multiply-adds in the order of the width.
  void (*score)(const Scoring& job);
  Peak (*weigh)(const Weighing& job);
  /// Each number is a chain of multiply-adds in the order of the keys.
  void (*mix)(const Mixing& job);
  /// Both at once for up to kFusedRows queries, without a copy of the page. Null where a path has
  /// nothing faster than one after the other; `keys` and `values` of the jobs are not looked at.
  /// Rows that are turned have a function of their own.
  void (*score_turned)(const Scoring& job, const KvRow& row, const KvPage& page);
  void (*score_page)(const Scoring& job, const KvRow& row, const KvPage& page);
  void (*mix_page)(const Mixing& job, const KvRow& row, const KvPage& page);
  /// Adds what the same queries gathered of later keys; `rows` queries, `width` a multiple of
  /// kWidthLanes. Where nothing was seen, the largest score is -infinity.
  void (*merge)(const Gathered& to, const Gathered& later, int rows, int width);
  /// Numbers as float16, rounded to nearest, ties to even; what is too large becomes the largest
  /// there is, NaN the NaN of its sign without a message.
  void (*to_f16)(const float* numbers, int count, std::uint16_t* to);
};

extern const AttentionPath kAttentionScalar;
#ifdef __x86_64__
extern const AttentionPath kAttentionAvx2;
extern const AttentionPath kAttentionAvx512;
#endif

}  // namespace hearth::kernels
