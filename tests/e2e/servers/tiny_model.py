"""Writes a GGUF file of a model that runs, and whose weights are random.

Run by the Python of llama-cpp-python's environment: `python tiny_model.py FILE`.
"""

from __future__ import annotations

import sys

import numpy as np
from gguf import GGUFWriter, TokenType  # type: ignore[import-not-found]

WORDS = ("the", "a", "of", "to", "and", "in", "is", "it", "for", "on", "river", "rain", "slow")
CONTEXT = 256
_WIDTH, _HEADS, _LAYERS, _INNER = 32, 2, 1, 64


def vocabulary() -> tuple[list[bytes], list[float], list[TokenType]]:
    """Signs, words and bytes, as SentencePiece has them."""
    tokens = [b"<unk>", b"<s>", b"</s>"]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    for byte in range(256):
        tokens.append(f"<0x{byte:02X}>".encode())
        kinds.append(TokenType.BYTE)
    for word in WORDS:
        tokens.append("▁".encode() + word.encode())
        kinds.append(TokenType.NORMAL)
    return tokens, [-float(index) for index in range(len(tokens))], kinds


def write(path: str) -> None:
    random = np.random.default_rng(7)

    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.5, shape).astype(np.float32)

    tokens, scores, kinds = vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
    )
    writer.add_tensor("token_embd.weight", weights(len(tokens), _WIDTH))
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, dtype=np.float32))
    writer.add_tensor("output.weight", weights(len(tokens), _WIDTH))
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}.{name}.weight", np.ones(_WIDTH, dtype=np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{block}.{name}.weight", weights(_WIDTH, _WIDTH))
        for name, shape in (
            ("gate", (_INNER, _WIDTH)),
            ("up", (_INNER, _WIDTH)),
            ("down", (_WIDTH, _INNER)),
        ):
            writer.add_tensor(f"{block}.ffn_{name}.weight", weights(*shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1])
