"""Models of further families with random weights, tiny: MetaCLIP 2 (an XLM-R vocabulary), SigLIP 2 with NaFlex."""

import json
import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPImageProcessor,
    MetaClip2Config,
    MetaClip2Model,
    PreTrainedTokenizerFast,
    Siglip2Config,
    Siglip2ImageProcessor,
    Siglip2Model,
)

from tests.clip_replica.layout import spread

_COMMON = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_MAX_TOKENS = 16


def write_metaclip2(folder: Path) -> Path:
    """Of the family of the preset metaclip2-b-32."""
    torch.manual_seed(0)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *string.ascii_lowercase]
    _write_tokenizer(folder, pieces, "<s> $A </s>")
    _write_processor(folder, CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=64), "CLIPProcessor")
    text = {"vocab_size": len(pieces), "max_position_embeddings": _MAX_TOKENS, "projection_dim": 32, "eos_token_id": 2}
    vision = {"image_size": 64, "patch_size": 16, "projection_dim": 32}
    config = MetaClip2Config(text_config={**_COMMON, **text}, vision_config={**_COMMON, **vision}, projection_dim=32)
    return _save(MetaClip2Model(config), folder)


def write_naflex(folder: Path) -> Path:
    """Takes a picture in several inputs: its patches, which of them are padding, and its shape in patches."""
    torch.manual_seed(0)
    pieces = ["<pad>", "</s>", "<unk>", *string.ascii_lowercase]
    _write_tokenizer(folder, pieces, "$A </s>")
    _write_processor(folder, Siglip2ImageProcessor(patch_size=16, max_num_patches=16), "Siglip2Processor")
    text = {"vocab_size": len(pieces), "max_position_embeddings": _MAX_TOKENS, "projection_size": 32}
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    vision = {"num_patches": 16, "patch_size": 16}
    config = Siglip2Config(text_config={**_COMMON, **text, **special}, vision_config={**_COMMON, **vision})
    return _save(Siglip2Model(config), folder)


def _save(model: torch.nn.Module, folder: Path) -> Path:
    spread(model)
    model.save_pretrained(folder)  # type: ignore[operator]
    return folder


def _write_processor(folder: Path, processor: object, kind: str) -> None:
    processor.save_pretrained(folder)  # type: ignore[attr-defined]
    file = folder / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "processor_class": kind}))


def _write_tokenizer(folder: Path, pieces: list[str], template: str) -> None:
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = [(piece, vocabulary[piece]) for piece in ("<s>", "</s>") if piece in vocabulary]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=special)
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=_MAX_TOKENS,
    )
    fast.save_pretrained(folder)
