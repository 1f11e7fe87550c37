"""Language of a post: declared by the platform, else detected.

The model is py3langid's (Lui & Baldwin 2012, “langid.py”, ACL demos): byte sequences found by an automaton,
weighed by naive Bayes. Its own loop takes 60–80 µs a post; here a whole column goes through the
automaton step by step in numpy, with the same scores, and a prior says what posts are usually written
in, since “lol nice one” is English more often than Luxembourgish. `docs/decisions/0003` holds the figures
of the detectors that were compared.
"""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import ParamError
from murmuration.frames import text_list
from murmuration.schema import NO_LANG
from murmuration.text.markup import unescape

# Codes that platforms write, and that mean another code or nothing at all.
_CODES = {
    "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "nb": "no", "nn": "no", "cmn": "zh",
    # ISO 639-2, where BCP 47 wants the two letters.
    "ara": "ar", "chi": "zh", "deu": "de", "dut": "nl", "eng": "en", "fas": "fa", "fra": "fr", "fre": "fr",
    "ger": "de", "gre": "el", "ell": "el", "heb": "he", "hin": "hi", "ind": "id", "ita": "it", "jpn": "ja",
    "kor": "ko", "nld": "nl", "per": "fa", "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "swe": "sv",
    "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "zho": "zh",
}  # fmt: skip
_NAMES = {
    "albanian": "sq", "arabic": "ar", "bulgarian": "bg", "catalan": "ca", "chinese": "zh",
    "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et",
    "farsi (persian)": "fa", "finnish": "fi", "french": "fr", "german": "de", "greek": "el",
    "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is", "indonesian": "id",
    "italian": "it", "japanese": "ja", "korean": "ko", "kurdish": "ku", "latvian": "lv",
    "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "norwegian": "no", "persian": "fa",
    "polish": "pl", "portuguese": "pt", "pushto": "ps", "romanian": "ro", "russian": "ru",
    "serbian": "sr", "slovak": "sk", "slovenian": "sl", "somali": "so", "spanish": "es",
    "swedish": "sv", "tagalog": "tl", "tagalog (filipino)": "tl", "tamil": "ta", "thai": "th",
    "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz", "vietnamese": "vi",
}  # fmt: skip
# X writes these where it could not tell, or where there is nothing to tell; programs write the last two
# for "not available", which as codes are two small languages.
_NOTHING = frozenset(
    {"und", "zxx", "mul", "mis", "art", "qam", "qct", "qht", "qme", "qst", "xx", "na", "nan"}
)

# Labels of the model that are one language to a reader of reports.
_MODEL_NAMES = {
    "arz": "ar", "ary": "ar", "nn": "no", "nb": "no", "yue": "zh", "wuu": "zh", "bs": "hr", "zxx": NO_LANG,
}  # fmt: skip

# The prior, in nats per root of a byte, on top of the model's scores. Languages that posts are often
# written in come before those that are rare and easily taken for a neighbour (Galician for Portuguese,
# Luxembourgish for German). Without it 1.9 % of the English airline posts are taken for another language.
_OFTEN = frozenset(
    "es pt fr de it nl sv da no nn fi pl cs hu ro tr id tl vi ar arz ary fa ur he ru uk hi bn ta te el th ja ko "
    "zh yue".split()
)
_RARE = frozenset(
    "gl ace an ext bcl br crh dz eo fo fuv fy gcf gcr gd gom grc gug guw hbo kab kik la lb lij ltg nso oc pcm qu "
    "sa se uzs vec vo wa".split()
)
_PRIOR_ENGLISH, _PRIOR_OFTEN, _PRIOR_RARE = 2.5, 1.5, -1.5
# Below this a post is `und`. English may be surer of itself, as most posts are.
_MIN_CONFIDENCE, _MIN_CONFIDENCE_ENGLISH = 0.5, 0.25

_MAX_CHARS = 1_000  # more text changes no answer
_ROWS = 8_192  # posts at once as Python's strings, which take several times the room
_CHUNK = 4_096  # posts at once: numpy is then as fast as it gets
# Each part begins with a letter or sign, since `re` looks for those four times as fast as for a place.
_NO_LANGUAGE = re.compile(r"https?:/{0,2}\S*|www\.\S*|http(?<=\bhttp)s?\b\S*|@\w+|#")
_TWO_LETTERS = re.compile(r"[^\W\d_].*?[^\W\d_]", re.DOTALL)
_UNSIGNED = {2: np.uint16, 4: np.uint32, 8: np.uint64}

_LOADING = Lock()

Floats = npt.NDArray[np.float32]


def declared_code(name: str | None) -> str | None:
    """Give the code of a declared language, or None where the declaration says nothing.

    Parameters
    ----------
    name
        ``"en"``, ``"en-GB"``, ``"pt_BR"``, ``"English"``, ...

    Returns
    -------
    str or None
        Primary language, BCP 47, lower case.
    """
    if name is None:
        return None
    plain = name.strip().casefold()
    if plain in _NAMES:
        return _NAMES[plain]
    primary = plain.replace("_", "-").split("-")[0]
    usable = 2 <= len(primary) <= 3 and primary.isascii() and primary.isalpha()
    return _CODES.get(primary, primary) if usable and primary not in _NOTHING else None


def known_code(name: str) -> str:
    """Give the code of a language that a person names.

    Raises
    ------
    ParamError
        If there is none; says the nearest one.
    """
    code = declared_code(name)
    if code is None:
        near = get_close_matches(name.casefold(), _NAMES, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise ParamError(
            f"There is no language {name!r}. Use its code of two or three letters, such as en or pt, or its English "
            f"name.{meant}"
        )
    return code


def detect_languages(texts: Iterable[str | None]) -> pa.Array:
    """Detect the language of each text.

    Parameters
    ----------
    texts
        An Arrow array or any iterable of texts. Thousands at once are fastest.

    Returns
    -------
    pyarrow.StringArray
        Codes, BCP 47; ``und`` where it cannot be told: too short, no letters, or several languages alike.
        Null for a missing text.
    """
    column = text_list(texts if isinstance(texts, pa.Array | pa.ChunkedArray) else list(texts))
    there = [_without_names(text) for text in column if text is not None]
    codes = iter(_detector().detect(there) if there else ())
    return pa.array([None if text is None else next(codes) for text in column], pa.string())


def fill_languages(posts: pa.Table) -> pa.Table:
    """Detect `lang` where none was declared, from text and title; `lang_source` says which it was."""
    missing = pc.is_null(posts["lang"])
    if not pc.any(missing).as_py():
        return posts
    undeclared = posts.select(["text", "title"]).filter(missing)
    found = pa.concat_arrays(
        [_languages_of(part) for part in undeclared.to_batches(max_chunksize=_ROWS)]
    )
    source = pa.repeat(pa.scalar("detected"), len(undeclared))
    for name, values in (("lang", found), ("lang_source", source)):
        whole = pc.replace_with_mask(posts[name].combine_chunks(), missing.combine_chunks(), values)
        posts = posts.set_column(posts.schema.get_field_index(name), name, whole)
    return posts


def _languages_of(posts: pa.RecordBatch) -> pa.Array:
    bodies, titles = (pc.fill_null(posts[name], "") for name in ("text", "title"))
    titles = pc.if_else(pc.equal(bodies, titles), "", titles)
    return detect_languages(pc.binary_join_element_wise(bodies, titles, " "))


def _without_names(text: str) -> str:
    """Leave out what is in no language: addresses, handles, signs; capitals mislead the model."""
    text = unescape(text[: 4 * _MAX_CHARS])
    if "#" in text or "@" in text or "http" in text or "www." in text:
        text = _NO_LANGUAGE.sub(" ", text)
    return text.lower().strip()[:_MAX_CHARS]


@cache
def _loaded() -> "Detector":
    return Detector()


def _detector() -> "Detector":
    with _LOADING:  # else two threads that come first would both load the model
        return _loaded()


class Detector:
    """The model, read for whole columns.

    Parameters
    ----------
    prior
        Whether languages get the prior; without it the scores are those of py3langid.
    """

    def __init__(self, *, prior: bool = True) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # half a second to unpack

        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._next = _as_array(model.tk_nextmove)
        self._row = _as_array(model.tk_row).astype(np.int32) << 8
        self._feature = np.asarray(model.tk_output, dtype=np.int32)
        self._weights = np.ascontiguousarray(model.nb_ptc, dtype=np.float32)
        self._bias = np.asarray(model.nb_pc, dtype=np.float32)
        self._prior = np.array(
            [_prior(name) if prior else 0.0 for name in model.nb_classes], dtype=np.float32
        )
        self._merge_names([_MODEL_NAMES.get(name, name) for name in model.nb_classes])

    def _merge_names(self, names: list[str]) -> None:
        """Let labels of one name share one column."""
        self.names = list(dict.fromkeys(names))
        column = {name: number for number, name in enumerate(self.names)}
        self._merge = np.zeros((len(names), len(self.names)), dtype=np.float32)
        self._merge[np.arange(len(names)), [column[name] for name in names]] = 1.0
        least = [
            _MIN_CONFIDENCE_ENGLISH if name == "en" else _MIN_CONFIDENCE for name in self.names
        ]
        self._least = np.array(least, dtype=np.float32)

    def detect(self, texts: list[str]) -> list[str]:
        """Give the code of each text, `und` where it is not sure enough."""
        codes: list[str] = []
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            shares = self.shares(chunk)
            best = shares.argmax(axis=1)
            sure = shares[np.arange(len(chunk)), best] >= self._least[best]
            sure &= np.fromiter(
                (_TWO_LETTERS.search(text) is not None for text in chunk), bool, len(chunk)
            )
            codes += [
                self.names[k] if ok else NO_LANG
                for k, ok in zip(best.tolist(), sure.tolist(), strict=True)
            ]
        return codes

    def shares(self, texts: list[str]) -> Floats:
        """Give the probability of each language; shape (n_texts, n_languages), rows of zeros if unknown."""
        lines = [_encoded(text) for text in texts]
        sizes = np.fromiter(map(len, lines), np.int64, len(lines))
        scores = np.zeros((len(lines), len(self._bias)), dtype=np.float32)
        if not sizes.any():
            return scores @ self._merge
        counts = self._count_features(lines, sizes)
        seen = np.diff(counts.indptr) > 0
        np.log1p(counts.data, out=counts.data)
        scores = counts @ self._weights + self._bias
        # The root of the length keeps confidence comparable between short and long texts.
        scores *= (1 / np.sqrt(np.maximum(sizes, 1))).astype(np.float32)[:, None]
        scores += self._prior
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        merged: Floats = scores @ self._merge
        merged[~seen] = 0
        return merged

    def _count_features(self, lines: list[bytes], sizes: npt.NDArray[np.int64]) -> Any:
        """Walk all texts through the automaton at once, a byte a step; sparse counts of features."""
        from scipy.sparse import coo_matrix

        order = np.argsort(
            -sizes, kind="stable"
        )  # long ones first, so that the active ones stay in front
        ordered = sizes[order]
        text = np.frombuffer(b"".join(lines[k] for k in order), dtype=np.uint8)
        begin = np.concatenate([[0], np.cumsum(ordered[:-1])])
        active = np.searchsorted(-ordered, -np.arange(int(ordered[0])), side="left").tolist()
        state = np.zeros(len(lines), dtype=np.int32)
        features, owners = [], []
        for position, count in enumerate(active):
            move = self._row.take(state[:count]) + text.take(begin[:count] + position)
            reached = self._next.take(move).astype(np.int32)
            state[:count] = reached
            feature = self._feature.take(reached)
            hits = (feature >= 0).nonzero()[0]
            features.append(feature.take(hits))
            owners.append(order.take(hits))
        columns, rows = np.concatenate(features), np.concatenate(owners)
        shape = (len(lines), len(self._weights))
        return coo_matrix((np.ones(len(columns), np.float32), (rows, columns)), shape=shape).tocsr()


def _prior(name: str) -> float:
    if name == "en":
        return _PRIOR_ENGLISH
    return _PRIOR_OFTEN if name in _OFTEN else _PRIOR_RARE if name in _RARE else 0.0


def _as_array(values: Any) -> npt.NDArray[Any]:
    return np.frombuffer(values, dtype=_UNSIGNED[values.itemsize])


def _encoded(text: str) -> bytes:
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    return composed.encode("utf-8", "surrogatepass")
