"""A SigLIP with random weights, tiny: its text tower pools at the last position, so padding decides the vector."""

import json
import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessor, SiglipModel

from tests.clip_replica.layout import spread

MAX_TOKENS = 16
IMAGE_EDGE = 64


def write_siglip(folder: Path) -> Path:
    torch.manual_seed(0)
    pieces = ["<pad>", "</s>", "<unk>", *string.ascii_lowercase]
    _write_tokenizer(folder, {piece: number for number, piece in enumerate(pieces)})
    SiglipImageProcessor(size={"height": IMAGE_EDGE, "width": IMAGE_EDGE}).save_pretrained(folder)
    processor = folder / "preprocessor_config.json"
    processor.write_text(json.dumps({**json.loads(processor.read_text()), "processor_class": "SiglipProcessor"}))
    common = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {"max_position_embeddings": MAX_TOKENS, "projection_size": 32, "vocab_size": len(pieces)}
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    model = SiglipModel(
        SiglipConfig(
            text_config={**common, **text, **special},
            vision_config={**common, "image_size": IMAGE_EDGE, "patch_size": 16},
        )
    )
    spread(model)
    model.save_pretrained(folder)
    return folder


def _write_tokenizer(folder: Path, vocabulary: dict[str, int]) -> None:
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=MAX_TOKENS,
    )
    fast.save_pretrained(folder)
