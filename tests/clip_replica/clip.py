"""The model with both towers, as CLIPModel was saved."""

import gzip
from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPConfig, CLIPModel

from tests.clip_replica.layout import spread, write_json, write_modules
from tests.clip_replica.size import Size

_BEGIN, _END = "<|startoftext|>", "<|endoftext|>"
_MERGES = 49_152 - 256 - 2
_IMAGE_SIZE = 224


def write_clip(root: Path, size: Size) -> None:
    folder = root / "0_CLIPModel"
    write_modules(root, ("0_CLIPModel", "CLIPModel"))
    config = _config(size, vocabulary=_write_tokenizer(folder))
    write_json(folder / "config.json", config.to_dict())
    write_json(
        folder / "preprocessor_config.json",
        {
            "crop_size": _IMAGE_SIZE,
            "do_center_crop": True,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "CLIPFeatureExtractor",
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
            "resample": 3,
            "size": _IMAGE_SIZE,
        },
    )
    model = CLIPModel(config)
    spread(model)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def _config(size: Size, vocabulary: int) -> CLIPConfig:
    common = {"num_hidden_layers": size.clip_layers, "projection_dim": size.projection, "hidden_act": "quick_gelu"}
    text = {
        "hidden_size": size.text_width,
        "intermediate_size": size.text_width * 4,
        "num_attention_heads": max(size.text_width // 64, 2),
        "max_position_embeddings": 77,
        "vocab_size": vocabulary,
        "bos_token_id": 0,
        "eos_token_id": 2,  # wrong but the hub's: the model then pools at the highest id instead of at the end's
        "pad_token_id": 1,
    }
    vision = {
        "hidden_size": size.vision_width,
        "intermediate_size": size.vision_width * 4,
        "num_attention_heads": max(size.vision_width // 64, 2),
        "image_size": _IMAGE_SIZE,
        "patch_size": size.patch,
    }
    return CLIPConfig(
        projection_dim=size.projection,
        text_config={**common, **text},
        vision_config={**common, **vision},
        architectures=["CLIPModel"],
    )


def _write_tokenizer(folder: Path) -> int:
    """CLIP's true byte-level vocabulary if open_clip_torch is installed, else one without merges. Returns its size."""
    merges = _true_merges()
    # OpenAI's order of the 256 byte characters (printable ones first), which the ids depend on.
    printable = [chr(number) for number in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    characters = printable + sorted(set(ByteLevel.alphabet()) - set(printable))
    pieces = [*characters, *(c + "</w>" for c in characters), *("".join(m.split()) for m in merges), _BEGIN, _END]
    write_json(folder / "vocab.json", {piece: number for number, piece in enumerate(pieces)})
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True}
    names = {"unk_token": _END, "bos_token": _BEGIN, "eos_token": _END}
    special = {name: {"content": token, **flags} for name, token in names.items()}
    write_json(folder / "special_tokens_map.json", {**special, "pad_token": _END})
    write_json(
        folder / "tokenizer_config.json",
        {
            **{name: {**token, "__type": "AddedToken"} for name, token in special.items()},
            "pad_token": _END,
            "add_prefix_space": False,
            "errors": "replace",
            "do_lower_case": True,
            "name_or_path": "openai/clip-vit-base-patch32",
            "model_max_length": 77,
        },
    )
    return len(pieces)


def _true_merges() -> list[str]:
    package = find_spec("open_clip")  # not imported: only its data file is wanted
    if package is None or package.origin is None:
        return []
    packed = Path(package.origin).with_name("bpe_simple_vocab_16e6.txt.gz").read_bytes()
    return gzip.decompress(packed).decode().split("\n")[1 : _MERGES + 1]
