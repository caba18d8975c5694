"""Makes the word vectors, questions and rated pairs beside it, and what gensim and scipy find for them. Run: python make_word_vectors.py"""

import json
import pathlib

import numpy as np
import scipy.stats
from gensim.models import KeyedVectors

here = pathlib.Path(__file__).parent
random = np.random.default_rng(5)

# Words are a base and a form, added, with noise: some questions have the right answer, some don't.
bases, forms, dimension = 14, 4, 6
base = random.normal(size=(bases, dimension))
form = random.normal(size=(forms, dimension))
words, vectors = [], []
for i in range(bases):
    for j in range(forms):
        words.append(f"{'bcdfghklmnprst'[i]}{'aeio'[j]}")
        vectors.append(base[i] + form[j] + 0.45 * random.normal(size=dimension))
# The same word with a capital, rarer: the question means the more frequent one.
words += ["Ba", "Ce"]
vectors += list(random.normal(size=(2, dimension)))
gensim = KeyedVectors(dimension)
gensim.add_vectors(words, np.array(vectors, np.float32))
gensim.save_word2vec_format(here / "vectors.txt")
gensim.save_word2vec_format(here / "vectors.bin", binary=True)

with open(here / "questions.txt", "w") as file:
    for first in range(forms - 1):
        file.write(f": {'gram' if first else ''}{first}-relation\n")
        for _ in range(60):
            i, k = random.choice(bases, 2, replace=False)
            question = [words[i * forms + first], words[i * forms + 3], words[k * forms + first], words[k * forms + 3]]
            if random.random() < 0.1:
                question[random.integers(4)] = "unknown"
            if random.random() < 0.3:
                question = [word.capitalize() for word in question]
            file.write(" ".join(question) + "\n")

with open(here / "pairs.tsv", "w") as file:
    file.write("# two words and a rating\n")
    for _ in range(50):
        a, b = random.choice(words + ["unknown"], 2, replace=False)
        file.write(f"{a}\t{b}\t{random.integers(0, 20) / 2}\n")

overall, sections = gensim.evaluate_word_analogies(here / "questions.txt")
_, spearman, unknown = gensim.evaluate_word_pairs(here / "pairs.tsv")
a, b = random.integers(0, 8, 40).astype(float), random.integers(0, 8, 40).astype(float)
results = {
    "accuracy": overall,
    "categories": [
        {"name": s["section"], "correct": len(s["correct"]), "asked": len(s["correct"]) + len(s["incorrect"])}
        for s in sections
        if s["section"] != "Total accuracy"
    ],
    "pairCorrelation": float(spearman[0]),
    "unknownShare": unknown,
    "ranks": {"a": a.tolist(), "b": b.tolist(), "correlation": float(scipy.stats.spearmanr(a, b)[0])},
    "neighbours": [[w, float(s)] for w, s in gensim.most_similar("ba", topn=5)],
    "analogy": [[w, float(s)] for w, s in gensim.most_similar(positive=["bo", "ca"], negative=["ba"], topn=5)],
    "product": [[w, float(s)] for w, s in gensim.most_similar_cosmul(positive=["bo", "ca"], negative=["ba"], topn=5)],
    "hashes": {},
}

# fastText's n-grams and buckets, as gensim computes them.
from gensim.models.fasttext import ft_ngram_hashes
from gensim.models.fasttext_inner import compute_ngrams  # noqa: E402

for word in ["where", "naïve", "a"]:
    results["hashes"][word] = {
        "grams": compute_ngrams(word, 3, 6),
        "buckets": [int(h) for h in ft_ngram_hashes(word, 3, 6, 2000)],
    }
(here / "word-vectors.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
