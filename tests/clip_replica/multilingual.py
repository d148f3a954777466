"""The multilingual text tower: DistilBERT, mean pooling, a dense layer into CLIP's space."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer
from transformers import DistilBertConfig, DistilBertModel

from tests.clip_replica.layout import spread, write_json, write_modules
from tests.clip_replica.size import Size

_MAX_TOKENS = 128
_ALPHABETS = [
    *((0x21, 0x7F), (0xA1, 0x250), (0x370, 0x530), (0x531, 0x590), (0x5D0, 0x700)),
    *((0x900, 0xE80), (0x10A0, 0x1100), (0x1E00, 0x2000), (0x3041, 0x3100)),
]
# The national standards list common hanzi, kanji and syllables by rows of two-byte codes.
_STANDARDS = {"gb2312": range(0xB0, 0xD8), "euc_jp": range(0xB0, 0xD0), "euc_kr": range(0xB0, 0xC9)}


def write_multilingual(root: Path, size: Size) -> None:
    write_modules(root, ("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"))
    vocabulary = _write_tokenizer(root)
    config = DistilBertConfig(
        vocab_size=size.bert_vocabulary or vocabulary,
        n_layers=size.bert_layers,
        dim=size.bert_width,
        hidden_dim=size.bert_width * 4,
        n_heads=max(size.bert_width // 64, 2),
        architectures=["DistilBertModel"],
    )
    write_json(root / "config.json", config.to_dict())
    pooling = {f"pooling_mode_{mode}": mode == "mean_tokens" for mode in ("mean_tokens", "max_tokens", "cls_token")}
    pooling["pooling_mode_mean_sqrt_len_tokens"] = False
    write_json(root / "1_Pooling/config.json", {"word_embedding_dimension": size.bert_width, **pooling})
    write_json(
        root / "2_Dense/config.json",
        {
            "in_features": size.bert_width,
            "out_features": size.projection,
            "bias": False,
            "activation_function": "torch.nn.modules.linear.Identity",
        },
    )
    model = DistilBertModel(config)
    spread(model)
    save_file(model.state_dict(), root / "model.safetensors", metadata={"format": "pt"})
    dense = torch.nn.Linear(size.bert_width, size.projection, bias=False)
    save_file({"linear.weight": dense.weight.detach()}, root / "2_Dense/model.safetensors")


def _write_tokenizer(root: Path) -> int:
    """WordPiece over single characters of many scripts, alone and as a continuation (##). Returns its size."""
    pieces = _pieces()
    (root / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    tokenizer = BertWordPieceTokenizer(str(root / "vocab.txt"), lowercase=False, strip_accents=None)
    tokenizer.save(str(root / "tokenizer.json"))
    special = {f"{token}_token": f"[{token.upper()}]" for token in ("unk", "sep", "pad", "cls", "mask")}
    write_json(root / "special_tokens_map.json", special)
    write_json(
        root / "tokenizer_config.json",
        {
            "do_lower_case": False,
            **special,
            "tokenize_chinese_chars": True,
            "strip_accents": None,
            "model_max_length": 512,
            "do_basic_tokenize": True,
            "never_split": None,
        },
    )
    write_json(root / "sentence_bert_config.json", {"max_seq_length": _MAX_TOKENS, "do_lower_case": False})
    return len(pieces)


def _pieces() -> list[str]:
    letters = [chr(code) for low, high in _ALPHABETS for code in range(low, high) if chr(code).isprintable()]
    letters += _listed("euc_kr")
    # BERT splits ideographs apart before WordPiece, so those never continue a word.
    ideographs = sorted({*_listed("gb2312"), *_listed("euc_jp")})
    special = ["[PAD]", *(f"[unused{number}]" for number in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return list(dict.fromkeys([*special, *letters, *("##" + letter for letter in letters), *ideographs]))


def _listed(standard: str) -> list[str]:
    codes = (bytes((row, cell)) for row in _STANDARDS[standard] for cell in range(0xA1, 0xFF))
    return [character for code in codes if len(character := code.decode(standard, "ignore")) == 1]
