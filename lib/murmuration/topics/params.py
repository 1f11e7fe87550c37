"""How posts are grouped into topics, in the words of the person who asks."""

from dataclasses import dataclass
from importlib.util import find_spec
from numbers import Real
from typing import Literal, get_args

from murmuration.errors import ParamError, suggest

KIND = "topics"  # of model, in its card
LSA = "lsa"
STATIC = "model2vec:"

# Tried by "auto" where they are on this machine; small, and many languages before English.
_KNOWN = (
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    "sentence-transformers/all-MiniLM-L6-v2",
    "model2vec:minishlab/potion-multilingual-128M",
    "model2vec:minishlab/potion-base-8M",
)

Method = Literal["bertopic", "nmf", "lda"]
Clustering = Literal["mixture", "density"]
Backend = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True, kw_only=True)
class TopicParams:
    """How posts are grouped into topics.

    Attributes
    ----------
    n_topics
        How many topics; None lets the posts decide.
    max_topics
        Instead of `n_topics`: so many, but fewer where there are not `min_posts` different texts for each.
    min_posts
        The smallest topic, in posts, where their number is not told.
    method
        ``bertopic``, or the classics ``nmf`` and ``lda``.
    clustering
        How BERTopic groups: ``mixture`` (see `murmuration.topics.mixture`), or ``density``: its own way,
        UMAP and HDBSCAN, which finds fine-grained topics in long texts and leaves many short posts out.
    embedding
        ``auto``: the best that is installed and on this machine; ``lsa``: made of the posts themselves, needs nothing;
        ``model2vec:NAME``, or the name or folder of a sentence-transformers model.
    seed
        The same seed gives the same topics.
    sample_posts
        Topics are found in at most so many different posts, drawn by time and source; all others are assigned.
    least_strength
        Posts whose topic is less sure than this, 0 to 1, are left out: raise it to leave out more.
    max_left_out
        Share of the posts with words, at most, that are left out for that, 0 to 1.
    max_terms
        How many different words and phrases are looked at, at most: the most frequent.
    n_terms
        How many terms tell a topic.
    backend
        Where estimators run: ``auto``, ``cpu`` or ``gpu``; see `murmuration.compute`.
    """

    n_topics: int | None = None
    max_topics: int | None = None
    min_posts: int = 30
    method: Method = "bertopic"
    clustering: Clustering = "mixture"
    embedding: str = "auto"
    seed: int = 0
    sample_posts: int = 20_000
    least_strength: float = 0.25
    max_left_out: float = 0.05
    max_terms: int = 50_000
    n_terms: int = 10
    backend: Backend = "auto"

    def __post_init__(self) -> None:
        for name, low, high in (
            ("n_topics", 1, 2_000), ("max_topics", 1, 2_000), ("min_posts", 2, 10_000_000), ("seed", 0, 2**32 - 1),
            ("sample_posts", 100, 1_000_000), ("least_strength", 0, 1), ("max_left_out", 0, 1), ("max_terms", 100, 1_000_000),
            ("n_terms", 1, 100),
        ):  # fmt: skip
            value = getattr(self, name)
            optional = value is None and name in ("n_topics", "max_topics")
            if not optional and not isinstance(value, Real):
                raise ParamError(f"TopicParams.{name} has to be a number, not {value!r}.")
            if value is not None and not low <= value <= high:
                raise ParamError(
                    f"TopicParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        for name, known in (
            ("method", get_args(Method)),
            ("clustering", get_args(Clustering)),
            ("backend", get_args(Backend)),
        ):
            value = getattr(self, name)
            if value not in known:
                raise ParamError(
                    f"TopicParams.{name} cannot be {value!r}.{suggest(str(value), known)}"
                )
        if self.n_topics is not None and self.max_topics is not None:
            raise ParamError(
                "TopicParams has both n_topics and max_topics. Say how many topics, or how many at most."
            )
        if not isinstance(self.embedding, str):
            raise ParamError(f"TopicParams.embedding has to be a name, not {self.embedding!r}.")
        if not self.embedding:
            raise ParamError("TopicParams.embedding is empty. Use 'auto' or 'lsa'.")


def choose_embedding(name: str) -> str:
    """Say which embedding ``auto`` is here; others are what they are."""
    if name != "auto":
        return name
    there = [known for known in _KNOWN if _is_there(known)]
    return there[0] if there else LSA


def _is_there(name: str) -> bool:
    """Say whether a network is installed and on this machine, whole."""
    library = "model2vec" if name.startswith(STATIC) else "sentence_transformers"
    if find_spec(library) is None or find_spec("huggingface_hub") is None:
        return False
    from murmuration.sentiment.embedding import is_whole  # slow to import, and mostly not needed

    return is_whole(name.removeprefix(STATIC))
