"""Requests of every kind, drawn at random, each with what a right answer looks like."""

import collections
import json
import random

import httpx2

MODELS = ("first", "second")
WORDS = ("tea", "river", "stone", "seven", "lamp", "garden", "winter", "north", "bread", "cat")
LOST = "engine_lost"  # what a request may end with while workers are being killed


class Talker:
    """One client with a connection pool of its own. `seen` counts what it did, `faults` says what
    was wrong."""

    def __init__(self, url: str, seed: int, workers_die: bool):
        self.random = random.Random(seed)
        self.client = httpx2.Client(base_url=url, timeout=300, trust_env=False)
        self.workers_die = workers_die
        self.seen: collections.Counter[str] = collections.Counter()
        self.faults: list[str] = []

    def once(self) -> None:
        """One request of a random kind."""
        kind = self.random.choices(
            (self.whole, self.streamed, self.leaves, self.many_choices, self.long_prompt,
             self.stops, self.wrong), (20, 30, 15, 8, 10, 10, 7))[0]
        try:
            kind()
        except (httpx2.HTTPError, ValueError, KeyError) as fault:
            self.fault(f"{kind.__name__}: {type(fault).__name__}: {fault}")
        self.seen[kind.__name__] += 1

    def fault(self, text: str) -> None:
        self.faults.append(text)

    def sentence(self, words: int) -> str:
        return " ".join(self.random.choice(WORDS) for _ in range(words))

    def chat_body(self, words: int = 12, **fields) -> dict:
        return {"model": self.random.choice(MODELS), "max_tokens": self.random.randint(1, 64),
                "temperature": self.random.choice((0, 0.8)),
                "messages": [{"role": "user", "content": self.sentence(words)}]} | fields

    def text_body(self, words: int = 12, **fields) -> dict:
        return {"model": self.random.choice(MODELS), "max_tokens": self.random.randint(1, 64),
                "prompt": self.sentence(words), "ignore_eos": True} | fields

    def is_loss(self, status: int, error: dict) -> bool:
        """Whether a killed worker explains this error."""
        return self.workers_die and error.get("code") == LOST and status in (200, 503)

    def post(self, path: str, body: dict) -> dict | None:
        """A whole answer; None where a killed worker took it."""
        answer = self.client.post(path, json=body)
        content = answer.json()
        if answer.status_code == 200:
            return content
        if self.is_loss(answer.status_code, content["error"]):
            self.seen["lost"] += 1
            return None
        self.fault(f"{path}: {answer.status_code} {content}")
        return None

    def whole(self) -> None:
        chat = self.random.random() < 0.5
        body = self.chat_body() if chat else self.text_body()
        content = self.post("/v1/chat/completions" if chat else "/v1/completions", body)
        if content:
            self.check_usage(body, content["usage"])

    def check_usage(self, body: dict, usage: dict) -> None:
        most = body["max_tokens"] * body.get("n", 1)
        if not 0 < usage["completion_tokens"] <= most:
            self.fault(f"asked for at most {most} tokens, was told {usage}")
        if body.get("ignore_eos") and usage["completion_tokens"] != most:
            self.fault(f"the end was to be ignored, yet {usage} of {most}")
        if usage["prompt_tokens_details"]["cached_tokens"] > usage["prompt_tokens"]:
            self.fault(f"more tokens cached than there are: {usage}")

    def events(self, path: str, body: dict, leave_after: int = 1 << 30) -> list[dict] | None:
        """A stream's events; None where it was lost, or left."""
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        found, done = [], False
        with self.client.stream("POST", path, json=body) as answer:
            if answer.status_code != 200:
                error = json.loads(answer.read())["error"]
                if self.is_loss(answer.status_code, error):
                    self.seen["lost"] += 1
                else:
                    self.fault(f"{path}: {answer.status_code} {error}")
                return None
            for line in answer.iter_lines():
                if line == "data: [DONE]":
                    done = True
                elif line.startswith("data: "):
                    found.append(json.loads(line[6:]))
                if len(found) >= leave_after:
                    return None
        return self.whole_stream(path, found, done)

    def whole_stream(self, path: str, found: list[dict], done: bool) -> list[dict] | None:
        error = found[-1].get("error") if found else None
        if error and self.is_loss(200, error):
            self.seen["lost"] += 1
            return None
        if error or not done:
            self.fault(f"{path}: the stream ended with {error or 'no [DONE]'}")
            return None
        return found

    def streamed(self) -> None:
        chat = self.random.random() < 0.5
        body = self.chat_body() if chat else self.text_body()
        found = self.events("/v1/chat/completions" if chat else "/v1/completions", body)
        if found:
            self.check_usage(body, found[-1]["usage"])

    def leaves(self) -> None:
        """The client goes in mid-stream, or before a word was said."""
        self.events("/v1/completions", self.text_body(max_tokens=400),
                    leave_after=self.random.randint(1, 12))

    def many_choices(self) -> None:
        body = self.text_body(n=self.random.randint(2, 4))
        content = self.post("/v1/completions", body)
        if not content:
            return
        self.check_usage(body, content["usage"])
        if [choice["index"] for choice in content["choices"]] != list(range(body["n"])):
            self.fault(f"{body['n']} choices were asked for, {len(content['choices'])} came")

    def long_prompt(self) -> None:
        body = self.text_body(self.random.randint(200, 700), max_tokens=8)
        content = self.post("/v1/completions", body)
        if content:
            self.check_usage(body, content["usage"])

    def stops(self) -> None:
        content = self.post("/v1/completions", self.text_body(stop=[" ", "e"], ignore_eos=False))
        if content and any(mark in content["choices"][0]["text"] for mark in " e"):
            self.fault(f"a stop text came through: {content['choices'][0]['text']!r}")

    def wrong(self) -> None:
        """What must be refused is refused, with the right status."""
        body, wanted = self.random.choice((
            ({"model": "nobody", "prompt": "x"}, 404),
            (self.text_body(temperature=-3), 400),
            (self.text_body(max_tokens="many"), 400),
            (self.text_body(9000), 400),
        ))
        answer = self.client.post("/v1/completions", json=body)
        if answer.status_code != wanted and not self.is_loss(answer.status_code,
                                                             answer.json()["error"]):
            self.fault(f"{wanted} was due, {answer.status_code} came: {answer.text[:200]}")
