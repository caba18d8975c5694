"""Scores of sacreBLEU for BLEUTests: bleu.json. Run: python bleu.py (needs sacrebleu)."""

import json
import pathlib
import random

import sacrebleu
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

here = pathlib.Path(__file__).parent
random.seed(5)

texts = [
    "In the beginning God created the heaven and the earth.",
    "Y dijo Dios: Sea la luz: y fué la luz.",
    "It cost $1,000.50, i.e. 3.5% more than in 1,999-2,000 (see p. 7)!",
    "AT&amp;T said &quot;no&quot; -- &lt;skipped> wasn't <skipped> there",
    "the a-b c-3 4-d ... end.. ,,x ,5, .7. 8.",
    "¿Qué es esto? «Nada» – dijo él… ½ ² ٣",
    "tabs\tand\u00a0spaces\u2003 and\nlines-\nbroken",
    "[x]{y}~`_^|\\/:;<=>?@#%*+",
    "",
    " ",
]
tokenize = Tokenizer13a()
words = "the of and that he shall unto lord , ; . his they be is him not them with".split()


def sentence(low, high):
    return " ".join(random.choice(words) for _ in range(random.randint(low, high)))


def changed(text):
    parts = [w for w in text.split() if random.random() > 0.15]
    return " ".join(random.choice(words) if random.random() < 0.2 else w for w in parts)


references = [sentence(3, 30) for _ in range(60)]
sets = {
    "texts": (texts, texts[1:] + texts[:1]),
    "same": (texts, texts),
    "near": ([changed(r) for r in references], references),
    "far": ([sentence(3, 30) for _ in references], references),
    "short": (["the lord", "of"], ["the lord shall be", "of him that is"]),
    "no four-grams matched": (["a b c d e", "f g h"], ["a b x c d", "f y g h"]),
    "nothing matched": (["a b c d e"], ["v w x y z"]),
    "empty": ([""], ["a b c d"]),
}
cases = []
for name, (translations, targets) in sets.items():
    bleu = sacrebleu.corpus_bleu(translations, [targets])
    chrf = sacrebleu.corpus_chrf(translations, [targets])
    cases.append(
        {
            "name": name, "translations": translations, "references": targets, "bleu": bleu.score,
            "precisions": bleu.precisions, "brevityPenalty": bleu.bp, "lengths": [bleu.sys_len, bleu.ref_len],
            "chrf": chrf.score,
        })
golden = {
    "sacrebleu": sacrebleu.__version__,
    "tokens": [{"text": t, "tokens": tokenize(t).split()} for t in texts],
    "cases": cases,
}
(here / "bleu.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")
