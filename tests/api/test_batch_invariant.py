"""With --batch-invariant a request's numbers are the same to the last bit, whatever runs beside it."""

from concurrent.futures import ThreadPoolExecutor

from conftest import MODEL
from server import Server

PROMPTS = ["Once upon a time", "Lily and Ben went to the park", "The big dog saw a red ball and",
           "One day, a little girl named Mia found a box. In the box there was a",
           "Tom was sad", "There was a cat", "Sue went to the park with her dog and a ball. " * 12]

# The last prompt is read in pieces: all but the last of them want no logits.
FLAGS = ["--model", MODEL, "--batch-invariant", "--tokens-per-step", "64"]


def numbers(server, prompt: str) -> list[float]:
    answer = server.openai().completions.create(
        model=MODEL, prompt=prompt, max_tokens=48, temperature=0.7, seed=11, logprobs=3)
    logprobs = answer.choices[0].logprobs
    return logprobs.token_logprobs + [value for top in logprobs.top_logprobs
                                      for value in sorted(top.values())]


def test_alone_and_in_a_crowd(stories_home):
    with Server(stories_home, *FLAGS) as server:
        alone = {prompt: numbers(server, prompt) for prompt in PROMPTS}
    # A fresh server: nothing comes from a cache that was filled one by one.
    with (Server(stories_home, *FLAGS) as server,
          ThreadPoolExecutor(4 * len(PROMPTS)) as pool):
        crowd = list(pool.map(lambda prompt: (prompt, numbers(server, prompt)), PROMPTS * 4))
    assert all(found == alone[prompt] for prompt, found in crowd)
