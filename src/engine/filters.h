// Which tokens may be drawn: top_p, min_p and top_k over one row.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine {

/// A token that may be drawn, with its untempered logit.
struct Candidate {
  float logit = 0;
  TokenId id = 0;
};

/// Each of the three narrows the candidates, which stand in no particular order before and after;
/// of equal logits the lower id counts as the more likely. None of them renormalises for the next.
/// Applied in the order top_p, min_p, top_k, as mlx-lm does. They select, they never sort a
/// vocabulary.

/// Keeps the most likely tokens until their probabilities reach `top_p`, in (0, 1); at least one.
/// The probabilities are those over the candidates given.
void keep_top_p(std::vector<Candidate>& candidates, double top_p);

/// Keeps tokens at least `min_p` times, in (0, 1], as likely as the likeliest.
void keep_min_p(std::vector<Candidate>& candidates, double min_p);

/// Keeps the `top_k` most likely tokens; all where there are no more.
void keep_top_k(std::vector<Candidate>& candidates, std::size_t top_k);

}  // namespace hearth::engine
