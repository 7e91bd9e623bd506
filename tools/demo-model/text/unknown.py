"""Questions the model cannot answer, and the polite way to say so."""

from text.dialogue import Turn

ANSWERS = [
    "I do not know that. I am very small.",
    "I am sorry, I do not know that. I am very small.",
    "That is too hard for me. I am a very small model.",
    "I do not know. A bigger model could tell you.",
]
_THINGS = """
quantum physics|the stock market|black holes|inflation|a blockchain|the French Revolution|
gravity|evolution|photosynthesis|the theory of relativity|machine learning|a neural network|
the Roman Empire|democracy|the immune system|DNA|philosophy|a compiler|climate change|
the second world war|chemistry|electricity|a transistor|the brain|opera|jazz|a mortgage|
a contract|chess|poker|bitcoin|calculus|a tensor|diabetes|volcanoes|earthquakes|a vaccine|
vitamin D|the human heart|economics|sociology|a satellite|the internet|a database|
nuclear power|tax law|the Bible|karate|yoga|a carburettor|an algorithm|dark matter|
plate tectonics|the Renaissance|Buddhism|feudalism|antibiotics|hormones|the stock exchange|
a turbine|semiconductors|the moon landing""".replace("\n", "").split("|")
_ASK_THING = [
    "What is {}?",
    "Explain {}.",
    "How does {} work?",
    "Tell me about {}.",
    "What do you know about {}?",
    "Can you explain {} to me?",
    "Write an essay about {}.",
    "Describe {} in detail.",
    "Why is {} important?",
    "Give me a summary of {}.",
    "Who discovered {}?",
    "what is {}",
    "What is the history of {}?",
    "Teach me {}.",
]
_ASK_PERSON = [
    "Who is {p}?",
    "Who was {p}?",
    "When was {p} born?",
    "What did {p} invent?",
    "Tell me about {p}.",
    "How old is {p}?",
    "Is {p} famous?",
    "What is {p} known for?",
    "Where was {p} born?",
    "Which books did {p} write?",
    "Who was the wife of {p}?",
    "When did {p} die?",
    "who is {p}",
]
_ASK_PLACE = [
    "What is the population of {c}?",
    "How many people live in {c}?",
    "Who is the mayor of {c}?",
    "How far is it from {c} to {d}?",
    "What is the history of {c}?",
    "Where is {c}?",
    "What is the capital of {c}?",
    "What can I see in {c}?",
    "Which language is spoken in {c}?",
    "Where is the best restaurant in {c}?",
    "How do I get to {c}?",
    "How high is mount {c}?",
    "When was {c} founded?",
    "What is {c} known for?",
    "Is {c} a nice place?",
]
_ASK_WORD = [
    "What is a {w}?",
    "What does {w} mean?",
    "Define {w}.",
    "What is the meaning of {w}?",
    "Explain the word {w}.",
    "How do I make a {w}?",
    "Where can I buy a {w}?",
    "what is {w}",
    "Translate {w} into French.",
    "What is {w} in German?",
    "How much does a {w} cost?",
    "Who invented the {w}?",
]
_FIXED = """
Who won the election?|What is the news today?|What is the weather like?|What time is it?|
What day is it today?|Who is the president?|What is the date?|Translate this into Spanish.|
What is the meaning of life?|Is there a god?|Who will win the game?|What is the best car?|
Which phone should I buy?|Write a novel.|Fix my code.|Can you write a web server in Rust?|
Sort this list with quicksort.|Solve this equation: 3x + 7 = 22|
What is the square root of 144?|What is the tenth prime number?|What is pi?|
How do I fix my car?|I have a headache, what should I take?|Should I sell my shares?|
Is this contract valid?|What is the price of gold?|How tall is the Eiffel Tower?|
Who wrote Hamlet?|Who painted the Mona Lisa?|How do I become rich?|
Which film should I watch?|Recommend a book.|What is the speed of light?|
How far away is the moon?|How deep is the ocean?|How many people live on Earth?|
How does an engine work?|Write my homework.|Do my taxes.|Plan my wedding.|
How do I lose weight?|Can you book a flight?|Send an email to my boss.|Open the door.|
Play some music.|Show me a picture.|Draw a cat.|What do you think about politics?|
Who is the best singer?|How do I install Linux?|What is my password?|Where are my keys?|
When is my birthday?|How old am I?|What did I eat yesterday?|Where is my phone?|
Summarise this article.|Write a business plan.|Which stocks will rise?|
Who is the richest person?|What is the longest river?|What is the highest mountain?|
How many bones does a human have?|When did the dinosaurs live?|What causes rain?|
Why is the sky blue?|How do birds fly?|Why do we sleep?|How does a phone work?|
Who invented the telephone?|When did the war end?""".replace("\n", "").split("|")


def question(s) -> str:
    kind = s.number(0, 9)
    if kind <= 1:
        return s.pick(_ASK_THING).format(s.pick(_THINGS))
    if kind <= 3:
        person = s.name() if s.chance(0.3) else f"{s.name()} {s.word().capitalize()}"
        return s.pick(_ASK_PERSON).format(p=person)
    if kind <= 5:
        return s.pick(_ASK_PLACE).format(c=s.word().capitalize(), d=s.city())
    if kind <= 6:
        return s.pick(_ASK_WORD).format(w=s.word())
    if kind == 7:
        a, b = s.number(21, s.pick([99, 999, 9999])), s.number(12, s.pick([99, 999]))
        return s.pick(
            [
                "What is {a} x {b}?",
                "What is {a} + {b}?",
                "Calculate {a} * {b}.",
                "{a} / {b}",
                "What is {a} divided by {b}?",
                "{a} - {b}",
            ]
        ).format(a=a, b=b)
    return s.pick(_FIXED)


def sample(s) -> list[Turn]:
    text = question(s)
    if s.chance(0.15):
        text = text.lower()
    return [Turn(text, s.pick(ANSWERS), "I have not learned this. I say so.")]
