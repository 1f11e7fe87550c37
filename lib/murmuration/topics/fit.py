"""Posts → a topic model: found in a sample, told by all."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version as package_version
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.compute.backends import make_estimator
from murmuration.errors import ParamError
from murmuration.frames import check_kind, text_list
from murmuration.sentiment.model import ModelCard
from murmuration.text import (
    count_words,
    drop_stop_words,
    find_repeats,
    find_words,
    join_titles,
    prepare_texts,
    stop_words,
)
from murmuration.topics.arguments import check_posts
from murmuration.topics.cluster import MakeEstimator, factorise, group_texts
from murmuration.topics.continuing import Texts
from murmuration.topics.embed import (
    Embedder,
    Network,
    Vectors,
    decompose,
    embed_texts,
    make_embedder,
)
from murmuration.topics.fillers import find_fillers
from murmuration.topics.found import (
    Found,
    check_same_embedding,
    check_same_method,
    join_hashtag_words,
    join_words,
)
from murmuration.topics.frame import fit_bertopic
from murmuration.topics.known import Known, Seen, find_rows, hash_posts
from murmuration.topics.labels import Labeller, Said
from murmuration.topics.mixture import Labels, Singles, find_centroids
from murmuration.topics.model import Space, TopicModel, empty_table
from murmuration.topics.params import KIND, LSA, TopicParams, choose_embedding
from murmuration.topics.renew import renew_topics
from murmuration.topics.sampling import (
    Rows,
    choose_texts,
    count_rows,
    draw_rows,
    find_copied,
    speaks_first,
    take_rows,
    tell_posts,
)
from murmuration.topics.tally import Count, Tally, tell_topics
from murmuration.topics.words import Counts, Vocabulary, find_rarity, make_vocabulary, weigh_terms

log = logging.getLogger(__name__)

_HASHTAG_WORDS = 50_000
_DEFAULT_TOPICS = 20  # of nmf and lda, which cannot choose
_LEAST_FOR_DENSITY = 50  # texts; UMAP has no neighbours to speak of below
_LANGUAGES = 20
# Texts that words of topics are learned from: ten times the sample, as they are only counted.
_LEARNED = 200_000
_OTHERS = 5_000  # texts that say how sure topics are
# Labels are chosen by texts of so many posts whether they were drawn or not, the most copied ones.
_COPIED, _MOST_COPIED = 10, 1_000
_OWN_WORDS = 0.2  # of a topic's posts that are copies of a text whose words a label may have although no other text has them


@dataclass(frozen=True, eq=False)
class _Sample:
    """Texts that topics are found in: each once, each with a word that is known."""

    rows: Rows  # of posts
    prepared: pd.DataFrame
    counts: Counts
    vocabulary: Vocabulary
    rarity: npt.NDArray[np.float64]
    n_texts: int  # different texts that say something, drawn or not
    scale: float  # share of all different texts that were drawn
    others: pd.DataFrame  # texts that topics were not found in, if there are any


def fit_topics(
    posts: Any,
    params: TopicParams | None = None,
    *,
    column: str = "text",
    name: str | None = None,
    embedder: Embedder | None = None,
    vectors: Vectors | None = None,
    labeller: Labeller | None = None,
    make: MakeEstimator | None = None,
    continue_from: TopicModel | None = None,
) -> TopicModel:
    """Find what posts are about; computes.

    Topics are found in a sample, in which each repeated text counts once; what they say and how large they are is
    then counted over all posts, partition by partition.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`; `title`, `lang`, `created_at` and `source` are used where they are there.
    params
        See `TopicParams`.
    column
        The column with text.
    name
        What the model is called, ``[a-z0-9_-]{1,64}``: as that it goes on from, or ``topics``, unless given.
    embedder
        Gives vectors instead of `TopicParams.embedding`; also needed then by whoever loads the model.
    vectors
        Keeps the vectors of a network, such as `murmuration.vectors.VectorCache`.
    labeller
        Labels topics by their terms, such as a language model; without it labels are made of the terms.
    make
        Makes estimators, as `Run.make_estimator` of a report does; where `TopicParams.backend` says unless given.
    continue_from
        The model of an earlier period: its topics go on with their ids and labels; see
        `murmuration.topics.continuing`. ``auto`` is its embedding then. Where parameters are the same and little is new,
        topics stay as they are, and only new texts are read; see `murmuration.topics.renew`.

    Returns
    -------
    TopicModel
        The largest topic has id 0. Without a post that says anything it has no topics; posts that all say the same
        have one.

    Raises
    ------
    SchemaError
        If `column` is missing or no text.
    ParamError
        If more topics are asked for than there are different texts, or topics that go on with another method.
    ModelError
        If the embedding is not there, or its vectors cannot be used.
    """
    params = TopicParams() if params is None else params
    cure = "Write TopicParams(n_topics=12), for example."
    check_kind(params, TopicParams, what="fit_topics", cure=cure)
    check_posts(posts, [column], what="fit_topics")
    make = make or partial(make_estimator, backend=params.backend)
    if continue_from is not None:
        embedder = check_same_embedding(continue_from, params, embedder)
        check_same_method(continue_from, params)
        name = name or continue_from.card.name
    repeats, lengths = _find_repeats(posts, column), count_rows(posts, column)
    if continue_from is not None:
        renewed = renew_topics(
            posts, continue_from, repeats, lengths,
            column=column, params=params, name=name, embedder=embedder, kept=vectors,
        )  # fmt: skip
        if renewed is not None:
            return renewed
    sample = _draw_sample(posts, repeats, lengths, params, column, continue_from)
    if continue_from is not None:
        embedding = continue_from.embedding
    else:
        embedding = embedder.name if embedder else choose_embedding(params.embedding)
        if params.embedding == "auto" and embedding == LSA:
            log.info("topics are found with lsa, as no network for texts is installed here")
        embedder = embedder or make_embedder(embedding, params.backend)
    weighed = weigh_terms(sample.counts, sample.rarity)
    places, directions = decompose(weighed, seed=params.seed, make=make)
    own = None
    if embedder is not None:
        width = continue_from.space.centroids.shape[1] if continue_from is not None else None
        read = sample.prepared["topic_text"].tolist()
        own = embed_texts(read, embedder, vectors, width=width or None)
        directions = np.zeros((0, 0), np.float32)
    texts = Texts(sample.counts, places, own, sample.vocabulary.words)
    where = _tell_where(embedder, make)
    card = _make_card(name or "topics", repeats, sample, params, embedding, where)
    found = Found(texts)
    if continue_from is None or not len(continue_from.topics):
        labels, bertopic = _find_topics(sample, texts, params, make)
        found.start(labels, card, continue_from, seed=params.seed, make=make)
    else:
        _check_number(params, len(texts.places))
        least = max(2, round(params.min_posts * sample.scale))
        found.go_on(continue_from, params, make, least=least)
        if params.max_topics is not None and len(found.ids) > params.max_topics:
            found = Found(texts)
            fewer = replace(params, n_topics=params.max_topics, max_topics=None)
            found.go_on(continue_from, fewer, make, least=least)
        bertopic = _frame(sample, texts.vectors, found.labels, params, make)
    draft = TopicModel(
        card,
        empty_table(len(found.ids)),
        sample.vocabulary,
        found.mixture,
        Space(
            sample.rarity, directions, find_centroids(texts.vectors, found.labels, len(found.ids))
        ),
        bertopic=bertopic,
        embedder=embedder,
    )
    if sample.scale < 1:
        some = choose_texts(repeats, most=_LEARNED, seed=params.seed)
        tally = Count(draft, column, vectors, every=False).all(posts, some, lengths)
        draft = _learn_from_all(draft, tally, found)
    weight = repeats["weight"].to_numpy(np.int64)
    draft.least_strength = _find_least(draft, sample.others, params, vectors)
    tally = Count(draft, column, vectors, every=True, old=found.old).all(posts, weight, lengths)
    large = tally.posts[:-1] >= params.min_posts
    if found.old is None and params.n_topics is None and len(large) > 1 and not large.all():
        large[tally.posts[:-1].argmax()] = True
        log.info(
            "%d of %d topics have fewer than %d posts", (~large).sum(), len(large), params.min_posts
        )
        found.keep(large)
        draft = draft.take(np.flatnonzero(large))
        draft = draft.with_table(draft.topics.assign(id=np.arange(len(draft.topics))))
        tally = Count(draft, column, vectors, every=True).all(posts, weight, lengths)
    seen = Seen.join(tally.seen)
    said = _listen(draft, tally, seen, sample, posts, repeats, lengths, column)
    told = tell_topics(draft, tally, labeller, n_terms=params.n_terms, found=found, said=said)
    return told.with_known(Known(found.name(seen), found.ids, tally.texts_with))


def _listen(
    draft: TopicModel,
    tally: Tally,
    seen: Seen,
    sample: _Sample,
    posts: Any,
    repeats: pd.DataFrame,
    lengths: Rows,
    column: str,
) -> Said:
    """Gather what labels are chosen by: texts of the sample, and those that were copied most."""
    often = find_copied(repeats, least=_COPIED, most=_MOST_COPIED)
    copied = draft.vocabulary.prepare(take_rows(posts, often, column, lengths), column)
    others = ~np.isin(sample.rows, often)
    prepared = pd.concat([copied, sample.prepared[others]], ignore_index=True)
    topics = seen.topics[seen.find(hash_posts(prepared, column))]
    rows = find_rows(draft.topics["id"].to_numpy(np.int64), topics)
    copies = repeats["weight"].to_numpy(np.float64)
    much = copies[often] >= _OWN_WORDS * tally.posts[rows[: len(often)]]
    own = " ".join(text or "" for text in text_list(copied["topic_words"][much])).split()
    vocabulary = replace(draft.vocabulary, words=sorted({*draft.vocabulary.words, *own}))
    return Said(
        rows,
        # A text that was drawn stands for those that were not.
        np.concatenate([copies[often], copies[sample.rows[others]] / sample.scale]),
        vocabulary.count_terms(prepared),
        vocabulary.terms,
    )


def _find_repeats(posts: Any, column: str) -> pd.DataFrame:
    """Say which posts say the same: title and text, as topics read them."""
    asked = dict.fromkeys((column, "title", "source", "post_id", "created_at"))
    said = join_titles(posts[[name for name in asked if name in posts.columns]], column=column)
    return find_repeats(said, column=column)


def _draw_sample(
    posts: Any,
    repeats: pd.DataFrame,
    lengths: Rows,
    params: TopicParams,
    column: str,
    previous: TopicModel | None = None,
) -> _Sample:
    rows = draw_rows(posts, repeats, size=params.sample_posts + _OTHERS, seed=params.seed)
    drawn = take_rows(posts, rows, column, lengths)
    fitted = drawn.iloc[: params.sample_posts]
    hashtag_words = count_words(fitted, column=column).head(_HASHTAG_WORDS)
    if previous is not None:
        known = previous.vocabulary.hashtag_words
        hashtag_words = join_hashtag_words(hashtag_words, known, most=_HASHTAG_WORDS)
    prepared = drop_stop_words(prepare_texts(fitted, column=column, words=hashtag_words))
    fillers = find_fillers(prepared)
    if previous is not None:
        fillers |= previous.vocabulary.fillers
    if fillers:
        prepared = drop_stop_words(prepared, fillers=fillers)
    vocabulary = make_vocabulary(
        prepared, hashtag_words, max_terms=params.max_terms, fillers=fillers
    )
    if previous is not None:
        vocabulary = join_words(vocabulary, previous, most=params.max_terms)
    counts = vocabulary.count_words(prepared)
    speaks = np.diff(counts.indptr) > 0
    n_texts = int(speaks_first(repeats).sum())
    log.info("topics are found in %d of %d different texts", speaks.sum(), n_texts)
    others = drawn.iloc[params.sample_posts :]
    return _Sample(
        rows[: params.sample_posts][speaks],
        prepared[speaks].reset_index(drop=True),
        counts[speaks],
        vocabulary,
        find_rarity(counts[speaks]),
        n_texts=n_texts,
        scale=len(fitted) / max(n_texts, 1),
        others=vocabulary.prepare(others if len(others) else fitted, column),
    )


def _find_topics(
    sample: _Sample, texts: Texts, params: TopicParams, make: MakeEstimator
) -> tuple[Labels, Any]:
    """Give the topic of each text of the sample, and the BERTopic if there is one."""
    n = len(texts.places)
    _check_number(params, n)
    if not n:
        log.warning("no post says anything that a topic could be made of")
        return np.zeros(0, np.int64), None
    least = max(2, round(params.min_posts * sample.scale))
    if params.max_topics is not None:
        number = max(1, min(params.max_topics, n // least))
        params = replace(params, n_topics=number, max_topics=None)
    if params.n_topics is None and n < 2 * least:
        log.warning(
            "one topic: different texts are %d, and two topics would need %d each", n, least
        )
    if params.method != "bertopic":
        n_topics = params.n_topics or max(1, min(_DEFAULT_TOPICS, n // least))
        labels = factorise(sample.counts, method=params.method, n_topics=n_topics, seed=params.seed)
        return _order_by_size(labels), None
    bertopic = fit_bertopic(
        sample.prepared["topic_text"].tolist(),
        texts.vectors,
        _WordsOf(sample.prepared["lang"].dropna().unique() if "lang" in sample.prepared else ()),
        group=_group(texts, least, params, make),
        n_topics=params.n_topics,
        least=min(least, max(2, n // 2)),
        seed=params.seed,
        make=make,
    )
    labels = np.array(bertopic.topics_, np.int64)
    return (labels if labels.max() >= 0 else np.zeros(n, np.int64)), bertopic


def _frame(
    sample: _Sample, vectors: Singles, labels: Labels, params: TopicParams, make: MakeEstimator
) -> Any:
    """Fit BERTopic around topics that go on; its own numbers are others."""
    if params.method != "bertopic" or not len(labels):
        return None
    return fit_bertopic(
        sample.prepared["topic_text"].tolist(),
        vectors,
        _WordsOf(sample.prepared["lang"].dropna().unique() if "lang" in sample.prepared else ()),
        group=lambda _: labels, n_topics=None, least=2, seed=params.seed, make=make,
    )  # fmt: skip


def _check_number(params: TopicParams, n: int) -> None:
    if params.n_topics is not None and params.n_topics > n:
        raise ParamError(
            f"TopicParams.n_topics is {params.n_topics}, but the number of different texts that say something is {n}. "
            "Ask for fewer topics, or give more posts."
        )


def _group(
    texts: Texts, least: int, params: TopicParams, make: MakeEstimator
) -> Callable[[Singles], Labels] | None:
    if params.clustering == "density" and len(texts.places) > _LEAST_FOR_DENSITY:
        return None
    # BERTopic's vectors are those of the texts.
    return lambda _: group_texts(
        texts.places, texts.counts, texts.own,
        n_topics=params.n_topics, least=least, seed=params.seed, make=make,
    )  # fmt: skip


class _WordsOf:
    """Gives the words of a text that may carry a topic."""

    def __init__(self, languages: Iterable[str]) -> None:
        self.stop = stop_words(("en", *sorted(languages)))

    def __call__(self, text: str) -> list[str]:
        return find_words(text, stop=self.stop)


def _order_by_size(labels: Labels) -> Labels:
    """Number topics from the largest on."""
    sizes = np.bincount(labels)
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return rank[labels]


def _learn_from_all(model: TopicModel, tally: Tally, found: Found) -> TopicModel:
    """Learn the words of topics from all posts: a sample has few texts of a small topic."""
    words = tally.texts_with[:-1, : len(model.vocabulary.words)]
    learned = found.learn(words, tally.weight[:-1].astype(np.float64))
    mixture = replace(model.mixture, log_words=learned.log_words, log_sizes=learned.log_sizes)
    return model.with_mixture(mixture)


def _find_least(
    model: TopicModel, others: pd.DataFrame, params: TopicParams, kept: Vectors | None
) -> float:
    """Give the strength below which posts are left out, so that not too many are; judged by other texts."""
    topics, strengths = model.choose_topics(others, model.vocabulary.count_words(others), kept)
    speak = topics >= 0
    allowed = params.max_left_out - (1 - speak.mean() if len(speak) else 0)
    if allowed <= 0 or not speak.any():
        return 0.0
    # A little below, as other posts may be less sure.
    least = float(np.quantile(strengths[speak], 0.8 * allowed))
    return min(params.least_strength, least)


def _make_card(
    name: str,
    repeats: pd.DataFrame,
    sample: _Sample,
    params: TopicParams,
    embedding: str,
    where: Mapping[str, str],
) -> ModelCard:
    langs = sample.prepared["lang"].value_counts() if "lang" in sample.prepared else None
    return ModelCard(
        name=name,
        kind=KIND,
        labels=(),
        languages=() if langs is None else tuple(str(lang) for lang in langs.index[:_LANGUAGES]),
        trained_on=tell_posts(repeats)
        | {
            "texts": sample.n_texts,
            "sample_texts": len(sample.prepared),
            **where,
            "description": f"{len(sample.prepared)} of {sample.n_texts} different texts of {len(repeats)} posts",
        },
        params={**asdict(params), "embedding": embedding},
        versions=_tell_versions(embedding),
    )


def _tell_where(embedder: Embedder | None, make: MakeEstimator) -> dict[str, str]:
    """Say whose estimators find topics, and where a network runs."""
    library = type(make("KMeans", n_clusters=2)).__module__.partition(".")[0]
    network = {"network": embedder.where} if isinstance(embedder, Network) else {}
    return {"estimators": library, **network}


def _tell_versions(embedding: str) -> dict[str, str]:
    networks = ("model2vec", "sentence-transformers", "torch") if embedding != LSA else ()
    there = [one for one in networks if find_spec(one.replace("-", "_"))]
    libraries = ("bertopic", "numpy", "scikit-learn", "scipy", *there)
    return {one: package_version(one) for one in libraries}
