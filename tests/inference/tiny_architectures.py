"""Writes tiny GGUFs of many architectures with random weights, for which llama.cpp builds its real graphs.

The names and shapes of tensors are those of llama.cpp's converters. Weights are spread so wide that the likeliest token
is far ahead of the next: rounding never changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np

from tests.inference.tiny_gguf import add_vocabulary

WIDTH, HEADS, FEED_FORWARD, LAYERS, CONTEXT = 64, 2, 128, 2, 1024
INNER, STATE, KERNEL, RANK = 2 * WIDTH, 8, 4, 4  # of Mamba
ONE_KEY_HEAD = WIDTH + 2 * (WIDTH // HEADS)

Shape = tuple[int, ...]


def norms(*names: str, bias: bool) -> list[tuple[str, Shape]]:
    return [(f"{name}.{part}", (WIDTH,)) for name in names for part in ("weight", *(["bias"] if bias else []))]


def linear(name: str, rows: int, columns: int, *, bias: bool = False) -> list[tuple[str, Shape]]:
    return [(f"{name}.weight", (rows, columns)), *([(f"{name}.bias", (rows,))] if bias else [])]


def fused_attention(width: int, *, bias: bool = False) -> list[tuple[str, Shape]]:
    return [*linear("attn_qkv", width, WIDTH, bias=bias), *linear("attn_output", WIDTH, WIDTH, bias=bias)]


def attention(*, bias: bool = False) -> list[tuple[str, Shape]]:
    parts = [linear(f"attn_{part}", WIDTH, WIDTH, bias=bias) for part in "qkv"]
    return [*sum(parts, []), *linear("attn_output", WIDTH, WIDTH)]


def feed_forward(*, gated: bool, bias: bool = False) -> list[tuple[str, Shape]]:
    gate = linear("ffn_gate", FEED_FORWARD, WIDTH) if gated else []
    up, down = linear("ffn_up", FEED_FORWARD, WIDTH, bias=bias), linear("ffn_down", WIDTH, FEED_FORWARD, bias=bias)
    return [*gate, *up, *down]


POSITIONS = [("position_embd.weight", (CONTEXT, WIDTH))]
MAMBA = [
    *linear("ssm_in", 2 * INNER, WIDTH),
    *linear("ssm_conv1d", INNER, KERNEL, bias=True),
    *linear("ssm_x", RANK + 2 * STATE, INNER),
    *linear("ssm_dt", INNER, RANK, bias=True),
    ("ssm_a", (INNER, STATE)),
    ("ssm_d", (INNER,)),
    *linear("ssm_out", WIDTH, INNER),
]
SHORT_CONVOLUTION = [
    ("shortconv.conv.weight", (WIDTH, 3)),
    ("shortconv.in_proj.weight", (3 * WIDTH, WIDTH)),
    ("shortconv.out_proj.weight", (WIDTH, WIDTH)),
]
HEAD_NORMS = [(f"attn_{part}_norm.weight", (WIDTH // HEADS,)) for part in "qk"]
TWO_NORMS = norms("attn_norm", "ffn_norm", bias=False)

# Tensors beside the layers, and those of the layers, from the first on; the last list stands for all that follow.
ARCHITECTURES: dict[str, tuple[list[tuple[str, Shape]], list[list[tuple[str, Shape]]]]] = {
    "falcon": (
        norms("output_norm", bias=True),
        [[*norms("attn_norm", bias=True), *fused_attention(ONE_KEY_HEAD), *feed_forward(gated=False)]],
    ),
    "mpt": (
        norms("output_norm", bias=False),
        [[*TWO_NORMS, *fused_attention(3 * WIDTH), *feed_forward(gated=False)]],
    ),
    "gpt2": (
        [*POSITIONS, *norms("output_norm", bias=True)],
        [
            [
                *norms("attn_norm", "ffn_norm", bias=True),
                *fused_attention(3 * WIDTH, bias=True),
                *feed_forward(gated=False, bias=True),
            ]
        ],
    ),
    "llama": (norms("output_norm", bias=False), [[*TWO_NORMS, *attention(), *feed_forward(gated=True)]]),
    "qwen2": (norms("output_norm", bias=False), [[*TWO_NORMS, *attention(bias=True), *feed_forward(gated=True)]]),
    "mamba": (norms("output_norm", bias=False), [[*norms("attn_norm", bias=False), *MAMBA]]),
    "lfm2": (
        norms("token_embd_norm", bias=False),
        [
            [*TWO_NORMS, *SHORT_CONVOLUTION, *feed_forward(gated=True)],
            [*TWO_NORMS, *attention(), *HEAD_NORMS, *feed_forward(gated=True)],
        ],
    ),
}


def write_tiny(path: Path, architecture: str, *, half: bool = False, seed: int = 0) -> Path:
    """A model of this architecture, less than a megabyte large; in f32, or with its matrices in f16."""
    writer = gguf.GGUFWriter(path, architecture)
    add_hyperparameters(writer, architecture)
    n_vocab = add_vocabulary(writer)
    random = np.random.default_rng(seed)
    for name, shape in tensors_of(architecture, n_vocab):
        values = weights(random, name, shape)
        writer.add_tensor(name, values.astype(np.float16) if half and in_half(name, shape) else values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def add_hyperparameters(writer: gguf.GGUFWriter, architecture: str) -> None:
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(0 if architecture == "mamba" else FEED_FORWARD)
    writer.add_layer_norm_eps(1e-5)
    writer.add_layer_norm_rms_eps(1e-5)
    if architecture == "mamba":
        writer.add_ssm_conv_kernel(KERNEL)
        writer.add_ssm_inner_size(INNER)
        writer.add_ssm_state_size(STATE)
        writer.add_ssm_time_step_rank(RANK)
        writer.add_head_count(0)
        return
    writer.add_head_count(HEADS)
    key_heads = {"falcon": 1, "lfm2": [0, HEADS]}
    writer.add_head_count_kv(key_heads.get(architecture, HEADS))
    if architecture == "mpt":
        writer.add_max_alibi_bias(8.0)
    if architecture == "lfm2":
        writer.add_shortconv_l_cache(3)


def tensors_of(architecture: str, n_vocab: int) -> Iterator[tuple[str, Shape]]:
    beside, layers = ARCHITECTURES[architecture]
    yield "token_embd.weight", (n_vocab, WIDTH)
    yield "output.weight", (n_vocab, WIDTH)
    yield from beside
    for number in range(LAYERS):
        for name, shape in layers[min(number, len(layers) - 1)]:
            yield f"blk.{number}.{name}", shape


def weights(random: np.random.Generator, name: str, shape: Shape) -> np.ndarray:
    if "norm" in name or name.endswith("ssm_d"):
        values = np.zeros(shape) if name.endswith("bias") else np.ones(shape)
    elif name.endswith("ssm_a"):
        values = -np.tile(np.arange(1.0, STATE + 1), (INNER, 1))  # decays; anything positive would grow without end
    elif len(shape) == 1:
        values = random.standard_normal(shape) * 0.1
    else:
        spread = {"token_embd.weight": 8.0, "output.weight": 4.0}.get(name, 2.0)
        values = random.standard_normal(shape) * spread / np.sqrt(shape[1])
    return values.astype(np.float32)


def in_half(name: str, shape: Shape) -> bool:
    """As the converters do: matrices alone, and not those of a convolution or of a state."""
    return len(shape) == 2 and not any(word in name for word in ("conv", "ssm", "position"))
