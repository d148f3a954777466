"""From texts to a model's inputs, by its tokenizer alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from tokenizers import Tokenizer

from embedder_service.clip.towers import PreparedTexts

_TOKENIZER = "tokenizer.json"
_RULES = "texts.json"


@dataclass(frozen=True)
class TextRules:
    """How a model wants its tokens. `max_tokens` 0: any number; `pad_to` 0: to the longest text of a batch."""

    max_tokens: int
    pad_to: int
    pad_id: int
    pad_token: str
    padding_side: Literal["left", "right"]
    truncation_side: Literal["left", "right"]


class TextInputs:
    """Tokenizes texts into the inputs input_ids and attention_mask."""

    def __init__(self, tokenizer: Tokenizer, rules: TextRules) -> None:
        tokenizer.no_truncation()
        if rules.max_tokens:
            tokenizer.enable_truncation(rules.max_tokens, direction=rules.truncation_side)
        tokenizer.enable_padding(
            direction=rules.padding_side, pad_id=rules.pad_id, pad_token=rules.pad_token, length=rules.pad_to or None
        )
        self._tokenizer = tokenizer
        self._rules = rules

    @classmethod
    def load(cls, folder: Path) -> "TextInputs":
        """What `save` wrote."""
        rules = TextRules(**json.loads((folder / _RULES).read_text()))
        return cls(Tokenizer.from_file(str(folder / _TOKENIZER)), rules)

    def save(self, folder: Path) -> None:
        """Writes two files."""
        self._tokenizer.save(str(folder / _TOKENIZER))
        (folder / _RULES).write_text(json.dumps(asdict(self._rules)))

    def __call__(self, texts: Sequence[str]) -> PreparedTexts:
        """The inputs of one batch."""
        encodings = self._tokenizer.encode_batch(list(texts))
        inputs = {
            "input_ids": np.array([encoding.ids for encoding in encodings], np.int64),
            "attention_mask": np.array([encoding.attention_mask for encoding in encodings], np.int64),
        }
        return PreparedTexts(inputs, [bool(encoding.overflowing) for encoding in encodings])
