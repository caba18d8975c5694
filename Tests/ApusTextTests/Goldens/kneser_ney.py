"""Golden values for interpolated modified Kneser-Ney smoothing, written down from Chen and Goodman 1998 with plain dictionaries.

    python kneser_ney.py

nltk's `KneserNeyInterpolated` has one discount for all counts; with that, the same code here agrees with nltk, which is
asserted first.
"""
import json
import math
import os
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))


class KneserNey:
    def __init__(self, order, size, sequences, discount=None, uniform=True):
        self.order, self.size, self.uniform = order, size, uniform
        grams = [Counter() for _ in range(order + 1)]
        for sequence in sequences:
            for n in range(1, order + 1):
                for i in range(len(sequence) - n + 1):
                    grams[n][tuple(sequence[i:i + n])] += 1
        self.counts = [None] * (order + 1)
        self.counts[order] = dict(grams[order])
        for n in range(1, order):
            before = defaultdict(set)
            for gram in grams[n + 1]:
                before[gram[1:]].add(gram[0])
            self.counts[n] = {gram: len(tokens) for gram, tokens in before.items()}
        self.discounts = [None] + [self.find(n) if discount is None else [0] + [discount] * 3 for n in range(1, order + 1)]

    def find(self, n):
        n1, n2, n3, n4 = (sum(1 for c in self.counts[n].values() if c == k) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2) if n1 else 0

        def discount(k, this, following):
            found = k - (k + 1) * y * following / this if this and following else 0
            return found if 0 < found <= k else k / 2

        return [0, discount(1, n1, n2), discount(2, n2, n3), discount(3, n3, n4)]

    def probability(self, token, context):
        context = tuple(context)[-(self.order - 1):] if self.order > 1 else ()
        lower = 1 / self.size if not context else self.probability(token, context[1:])
        n = len(context) + 1
        followers = {gram[-1]: c for gram, c in self.counts[n].items() if gram[:-1] == context}
        total = sum(followers.values())
        if total == 0:
            return lower
        if n == 1 and not self.uniform:
            return followers.get(token, 0) / total
        discounts = self.discounts[n]
        count = followers.get(token, 0)
        gamma = sum(discounts[min(c, 3)] for c in followers.values())
        return (max(count - discounts[min(count, 3)], 0) + gamma * lower) / total


TRAINING = ["the cat sat on the mat and the cat ate the rat that sat on the hat",
            "a man and a woman and the cat went to the house that jack built and sat on the mat",
            "it is a truth universally acknowledged that a single man in possession of a good fortune must be in want of a wife"]
HELD_OUT = "the wife of the man sat on a rat in the house and it is good"

letters = sorted(set("".join(TRAINING)))
code = {letter: index + 1 for index, letter in enumerate(letters)}
sequences = [[code[letter] for letter in text] for text in TRAINING]
held_out = [code.get(letter, 0) for letter in HELD_OUT]


def check_against_nltk():
    from nltk.lm import KneserNeyInterpolated
    from nltk.lm.preprocessing import everygrams
    order = 3
    # nltk weighs what begins a sequence as though something came before it; twice the same leaves no such n-gram.
    sequences = [2 * sum(globals()["sequences"], [])]
    model = KneserNeyInterpolated(order, discount=0.4)
    data = [list(everygrams([str(t) for t in s], max_len=order)) for s in sequences]
    model.fit(data, [str(t) for s in sequences for t in s])
    mine = KneserNey(order, len(letters) + 1, sequences, discount=0.4, uniform=False)
    for i in range(2, len(held_out)):
        context, token = held_out[i - 2:i], held_out[i]
        theirs = model.score(str(token), [str(t) for t in context])
        assert abs(theirs - mine.probability(token, context)) < 1e-9, (i, theirs, mine.probability(token, context))


check_against_nltk()
cases = []
for order in (1, 2, 3, 5):
    model = KneserNey(order, len(letters) + 1, sequences)
    bits = [-math.log2(model.probability(token, held_out[max(0, i - order + 1):i])) for i, token in enumerate(held_out)]
    cases.append({"order": order, "bits": bits})
with open(os.path.join(HERE, "kneser_ney.json"), "w") as file:
    json.dump({"size": len(letters) + 1, "training": sequences, "heldOut": held_out, "cases": cases}, file)
