"""Golden values for byte-pair encoding, from Hugging Face's `tokenizers` 0.23.

    python tokenizers.py

writes tokenizer.json (trained on TEXT) and encodings.json beside this file;

    python tokenizers.py FILE

expects that FILE, written by Apus, encodes the same texts equally.
"""
import json
import os
import sys

sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

TEXT = """It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.

However little known the feelings or views of such a man may be on his first entering a neighbourhood, this truth is so well
fixed in the minds of the surrounding families, that he is considered the rightful property of some one or other of their
daughters.

"My dear Mr. Bennet," said his lady to him one day, "have you heard that Netherfield Park is let at last?"

Mr. Bennet replied that he had not. "But it is," returned she; "for Mrs. Long has just been here, and she told me all about it."

Mr. Bennet made no answer. "Do you not want to know who has taken it?" cried his wife impatiently. "_You_ want to tell me, and
I have no objection to hearing it." This was invitation enough; they've, we'll, I'd, he's, aaaa aaaaa aaaaaa, mississippi.
El niño comió piñas; straße, naïve, 1813 and 42 and ½, 文字化け, 🙂🙂 and a\ttab.
"""

TEXTS = [
    "", " ", "  ", "\n", "a", "It is a truth", "It's the man's wife; they'll see, I'D say 'tis so''s",
    "  two  spaces\n\nand breaks \n x\t\ty   ", "aaaaaaaaaaaaa aaa", "niño straße ½ 文字化け 🙂🙂🙂 x²", "1813-42 = 1,771.0",
    "\u00a0no\u00a0break\u3000wide\u2003em", "\u0085next\u200bzero", "e\u0301 combining", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ٣٤ Ⅷ",
    "possession"
    * 30, "<pad> is <s>text</s> here", "'", "''", "'re're", " 'll", "\r\n x", "trailing space ",
]


def trained():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, min_frequency=2, special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    return tokenizer


def encodings(tokenizer):
    cases = []
    for text in TEXTS:
        plain = Tokenizer.from_str(tokenizer.to_str())
        plain.encode_special_tokens = True
        cases.append({
            "text": text,
            "recognizing": tokenizer.encode(text, add_special_tokens=False).ids,
            "plain": plain.encode(text, add_special_tokens=False).ids,
        })
    return cases


if len(sys.argv) > 1:
    with open(os.path.join(HERE, "encodings.json")) as file:
        expected = json.load(file)["cases"]
    found = encodings(Tokenizer.from_file(sys.argv[1]))
    wrong = [a["text"] for a, b in zip(expected, found) if a != b]
    sys.exit(f"differs on {wrong}" if wrong else None)

tokenizer = trained()
tokenizer.save(os.path.join(HERE, "tokenizer.json"))
with open(os.path.join(HERE, "encodings.json"), "w") as file:
    json.dump({"text": TEXT, "cases": encodings(tokenizer)}, file, ensure_ascii=False, indent=1)
