// What the scripted server answers, by the last word of the question.

const CODE = `Sure. A queue that never blocks its writer:

\`\`\`cpp
#include <deque>
#include <optional>

/// Keeps what was pushed until somebody asks for it.
template <typename T>
class Mailbox {
 public:
  void push(T item) { items_.push_back(std::move(item)); }

  std::optional<T> pop() {
    if (items_.empty()) return std::nullopt;  // nothing to read yet
    T first = std::move(items_.front());
    items_.pop_front();
    return first;
  }

 private:
  std::deque<T> items_;
};
\`\`\`

Three things are worth knowing:

1. **Order** is kept: first in, first out.
2. It is *not* safe for several threads; put a mutex beside it:

   \`\`\`cpp
   std::lock_guard hold(mutex_);
   \`\`\`

3. \`pop\` answers at once, even when there is nothing.

| operation | cost | may fail |
|---|---:|---|
| \`push\` | O(1) | out of memory |
| \`pop\` | O(1) | never |

> A mailbox is a promise between two people who never meet.

More in the [documentation](https://example.org/mailbox).`;

const LONG = Array.from(
  { length: 60 },
  (_, i) => `Paragraph ${i + 1}. The fox went on through the wood, and the wood went on around it.`,
).join('\n\n');

export const SCRIPTS = {
  plain: {
    text: 'Hello! I am Ember, a very small model that lives in Hearth. How can I help you today?',
  },
  code: { text: CODE, pace: 4 },
  long: { text: LONG, pace: 5 },
  slow: { text: LONG, pace: 60 },
  later: { text: 'Here I am at last.', wait: 2500 },
  think: {
    thought:
      'The question is short. Seven and five are twelve, which I can check by counting on: eight, nine, ten, eleven, twelve.',
    text: '7 + 5 = **12**.',
    pace: 40,
  },
  limit: { text: 'Once upon a time there was a fox who', finish: 'length' },
  broken: {
    text: 'It was a dark and stormy',
    error: {
      message: 'The model process stopped: signal 9.',
      type: 'server_error',
      param: null,
      code: 'engine_lost',
    },
  },
  cut: { text: 'It was a dark and', cut: true },
  refused: {
    refuse: {
      status: 400,
      error: {
        message:
          "This model's maximum context length is 2048 tokens. However, your messages resulted in 2317 tokens. Please reduce the length of the messages.",
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      },
    },
  },
  hostile: {
    text: 'Look: <img src="https://evil.example/x.png" onerror="alert(1)"> ![pixel](https://evil.example/p.png) <script>window.hacked = true</script><a href="javascript:alert(1)">here</a><style>*{display:none}</style> done.',
  },
};
