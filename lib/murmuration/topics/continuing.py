"""Topics of a model go on in other posts: each keeps its id and its words, some end, some are new.

Every text joins the old topic that explains it best. That is changed where there is a cause: topics whose words are not
said any more end; texts whose words were not said before are new topics; two topics whose texts have come to say
the same are one; one whose texts have come apart is two (decision 0012).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from murmuration.topics.cluster import MakeEstimator, group_once, part_in_two
from murmuration.topics.history import Gone, History
from murmuration.topics.labels import write_label
from murmuration.topics.mixture import (
    Floats,
    Labels,
    Mixture,
    Singles,
    count_members,
    find_centroids,
    learn_words,
    weigh_joining,
    weigh_joining_last,
    with_pull,
)
from murmuration.topics.profiles import (
    PRESENT,
    Profiles,
    compare_profiles,
    compare_words,
    measure_presence,
)
from murmuration.topics.stories import find_stories
from murmuration.topics.words import Counts

log = logging.getLogger(__name__)

_ROUNDS, _TRIES = 3, 3
_EXPECTED = 10  # texts of a topic, to tell that it died
# Groups of texts for each topic, among which new topics are looked for.
_GROUPS, _LEAST_GROUPS, _MOST_GROUPS = 1.5, 20, 500
_ALIKE = 0.3  # words of two new groups that are one topic, as of a pair in `identity`
_RETURNED = 0.5  # words of a new topic and one that died
# Likeness of all words of two topics that are one now, and by which that is more than it was.
_ONE, _CAME_NEAR = 0.65, 0.4
_PARTED = (
    0.6  # evidence per text by which a topic is better two, and by which that is more than it was
)
_LEAST_PART = 0.2  # of the texts of a topic
_MARKS = 30  # words kept of a topic that died
_TERMS = 10  # of a topic that was born and joined at once
# What room for new topics may cost: texts that change their topic as old ones are joined, of all; or evidence, for each that
# the new topic is worth.
_MOVED, _COSTS = 0.05, 2.0


@dataclass(frozen=True, eq=False)
class Before:
    """The topics to go on with, over the words of the sample.

    Attributes
    ----------
    ids
        Of the topics, shape (n_topics,).
    counts
        How often they had words, shape (n_topics, n_words).
    sizes
        How many texts they had, shape (n_topics,).
    centroids
        Their directions, where a network embeds.
    names
        Label and terms, by id.
    history
        Of the old model.
    """

    ids: Labels
    counts: Counts
    sizes: Floats
    centroids: Singles | None
    names: Mapping[int, tuple[str, tuple[str, ...]]]
    history: History


@dataclass(frozen=True, eq=False)
class Texts:
    """The sample: word counts, vectors that were made of them, vectors of a network if there is one, and words."""

    counts: Counts
    places: Singles
    own: Singles | None
    words: list[str]

    @property
    def vectors(self) -> Singles:
        """What topics have a place in: the vectors of the network where there is one."""
        return self.places if self.own is None else self.own


class Going:
    """Topics on their way into other texts.

    Attributes
    ----------
    labels
        Of texts, shape (n_texts,): a row of `ids`, or −1.
    ids
        Of the topics.
    rows
        Where the topic is among those before, −1 for new ones.
    history
        What has happened.
    """

    def __init__(
        self, texts: Texts, before: Before, labels: Labels, *, seed: int, make: MakeEstimator
    ) -> None:
        self._halve = partial(part_in_two, seed=seed, make=make)
        self.texts, self.before, self.labels = texts, before, labels
        self.ids = before.ids.tolist()
        self.rows = list(range(len(self.ids)))
        self.history = replace(before.history, shared=())
        self.born, self._moved = set[int](), 0

    def sizes(self) -> Labels:
        """Give the number of texts of each topic."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.ids))

    def counts(self) -> Counts:
        """Give the words of each topic in these texts, shape (n_topics, n_words)."""
        return count_members(self.texts.counts, self.labels, len(self.ids))

    def end(self) -> None:
        """Let topics end whose words are not said any more; not where there are too few texts to tell."""
        now, before = Profiles.of(self.counts()), Profiles.of(self.before.counts)
        lasting = measure_presence(before, now)
        expected = self.before.sizes * len(self.labels) / max(self.before.sizes.sum(), 1)
        for at, row in reversed(list(enumerate(self.rows))):
            if lasting[row] < PRESENT and expected[row] >= _EXPECTED:
                label, terms = self.before.names[self.ids[at]]
                gone = Gone(label, terms, _top_marks(before.marks[row], self.texts.words))
                self.history = self.history.with_gone(self.ids[at], gone)
                self._take_out(at)

    def begin(self, groups: Labels, least: float) -> None:
        """Let groups of texts be topics whose words were not said before, and better told by themselves."""
        n = int(groups.max(initial=-1)) + 1
        found = Profiles.of(count_members(self.texts.counts, groups, n))
        known = measure_presence(found, Profiles.of(self.before.counts))
        sizes = np.bincount(groups[groups >= 0], minlength=n)
        fresh = [one for one in np.argsort(-sizes, kind="stable") if known[one] < PRESENT]
        alike = compare_profiles(found, found)
        while fresh:
            same = [one for one in fresh if one == fresh[0] or alike[fresh[0], one] >= _ALIKE]
            fresh = [one for one in fresh if one not in same]
            texts = np.isin(groups, same)
            if texts.sum() >= least and self._measure_worth(texts) > 0:
                self._put_in(texts, self._name(found.counts[same].sum(axis=0)))
                self.born.add(self.ids[-1])

    def _measure_worth(self, texts: npt.NDArray[np.bool_]) -> float:
        """Give the evidence that some texts gain by being a topic, against joining that which takes them best."""
        labels = np.where(texts, len(self.ids), self.labels)
        counts = count_members(self.texts.counts, labels, len(self.ids) + 1)
        # To join a topic that has no text left costs nothing, and would be no joining.
        others = np.flatnonzero(np.diff(counts.indptr)[:-1])
        return -float(weigh_joining_last(counts)[others].max(initial=-np.inf))

    def begin_anew(self) -> None:
        """Let all texts be one new topic."""
        self._put_in(np.ones(len(self.labels), np.bool_), self.history.next_id)

    def _name(self, counts: Floats) -> int:
        """Give a new topic its id: that of one that died where it is the same."""
        said = np.asarray(counts).ravel()
        now = dict(zip(self.texts.words, said, strict=True))
        worth = {one: _likeness(gone.marks, now) for one, gone in self.history.gone.items()}
        best = max(worth, key=lambda one: worth[one], default=None)
        if best is not None and worth[best] >= _RETURNED:
            return best
        return self.history.next_id

    def merge(self) -> None:
        """Let two topics be one whose texts say the same now, and did not before."""
        while len(self.ids) > 1:
            now, before = compare_words(self.counts()), compare_words(self.before.counts)
            old = np.array(self.rows) >= 0
            now[~old] = now[:, ~old] = 0
            nearer = now - before[np.ix_(self.rows, self.rows)]
            now[(nearer < _CAME_NEAR) | np.eye(len(now), dtype=bool)] = 0
            one, other = divmod(int(now.argmax()), len(now))
            if now[one, other] < _ONE:
                return
            self._join(one, other)

    def part(self) -> None:
        """Let a topic be two whose texts have come apart."""
        for at in range(len(self.ids)):
            texts = np.flatnonzero(self.labels == at)
            was = self.history.tension.get(self.ids[at])
            if was is None or self.rows[at] < 0:
                continue
            gain, halves = self._halve(self.texts.counts[texts], self.texts.places[texts])
            smaller = np.bincount(halves, minlength=2).argmin()
            share = (halves == smaller).mean() if len(halves) else 0.0
            if gain >= max(_PARTED, was + _PARTED) and share >= _LEAST_PART:
                self._part(at, texts[halves == smaller])

    def fit_number(self, n_topics: int) -> None:
        """Join or part topics until there are as many as were asked for."""
        while len(self.ids) > n_topics:
            self._make_room()
        while len(self.ids) < n_topics and self._part_best():
            pass

    def _make_room(self) -> None:
        """Join the cheapest pair of old topics; where that costs too much, take the new one apart that is worth least."""
        gains = weigh_joining(self.counts())
        born = np.flatnonzero(np.isin(self.ids, list(self.born)))
        old = gains.copy()
        old[born] = old[:, born] = -np.inf
        one, other = divmod(int(old.argmax()), len(old))
        if not np.isfinite(old[one, other]):  # no two are old
            self._join(*divmod(int(gains.argmax()), len(gains)))
            return
        gains[:, self.sizes() == 0] = -np.inf
        worth = -gains[born].max(axis=1, initial=-np.inf)
        moved = self._moved + int(self.sizes()[[one, other]].min())
        dear = moved > _MOVED * len(self.labels) and len(born)
        if dear and -old[one, other] > _COSTS * max(worth.min(), 0.0):
            self._absorb(int(born[worth.argmin()]))
        else:
            self._moved = moved
            self._join(one, other)

    def _absorb(self, at: int) -> None:
        """Give the texts of a new topic to those that explain them best; its history says which has most of them."""
        topic, texts = self.ids[at], self.labels == at
        lost = self._describe(at)
        self.born.discard(topic)
        self._take_out(at)
        best = [part.argmax(axis=1) for part in self.learn().chances(
            self.texts.counts[texts], None if self.texts.own is None else self.texts.own[texts]
        )]  # fmt: skip
        self.labels[texts] = np.concatenate([*best, np.zeros(0, np.int64)])
        if gone := self.before.history.gone.get(topic):  # may return another time
            self.history = self.history.with_gone(topic, gone)
            return
        into = self.ids[int(np.bincount(self.labels[texts], minlength=1).argmax())]
        self.history = self.history.with_merged(into, topic, lost)

    def _describe(self, at: int) -> Gone:
        """Give what a topic is called and what marks it."""
        marks = _top_marks(Profiles.of(self.counts()).marks[at], self.texts.words)
        label, terms = self.before.names.get(self.ids[at], ("", ()))
        return Gone(label or write_label(list(marks)), terms or tuple(marks)[:_TERMS], marks)

    def _part_best(self) -> bool:
        """Part the topic that gains most for each of its texts: not always the largest, whose posts would move."""
        best, worth = None, (False, -np.inf)
        for at in range(len(self.ids)):
            if self.history.tension.get(self.ids[at], 0.0) is None:  # a person merged it
                continue
            texts = np.flatnonzero(self.labels == at)
            gain, halves = self._halve(self.texts.counts[texts], self.texts.places[texts])
            if len(halves):
                smaller = halves == np.bincount(halves).argmin()
                if worth < (this := (bool(smaller.mean() >= _LEAST_PART), gain)):
                    best, worth = (at, texts[smaller]), this
        if best is not None:
            self._part(*best)
        return best is not None

    def settle(self) -> Mixture:
        """Let each text join the topic that explains it best, a few rounds over; give what topics say."""
        for _ in range(_ROUNDS):
            chances = self.learn().chances(self.texts.counts, self.texts.own)
            named = [part.argmax(axis=1) for part in chances]
            self.labels = np.concatenate([np.zeros(0, np.int64), *named])
            new = ~np.isin(self.ids, self.before.ids)
            for at in np.flatnonzero((self.sizes() == 0) & new)[::-1]:
                if gone := self.before.history.gone.get(self.ids[at]):  # may return another time
                    self.history = self.history.with_gone(self.ids[at], gone)
                self._take_out(int(at))
        return self.learn()

    def learn(self) -> Mixture:
        """Give what topics say, in these texts and before."""
        sizes, rows = self.sizes().astype(np.float64), np.array(self.rows, np.int64)
        mixture = remember(self.counts(), sizes, self.before, rows)
        if self.texts.own is None or self.before.centroids is None:
            return mixture
        places = find_centroids(self.texts.own, self.labels, len(rows))
        places[rows >= 0] += self.before.centroids[rows[rows >= 0]]
        return with_pull(mixture, self.texts.counts, self.texts.own, places)

    def _take_out(self, at: int) -> None:
        self.labels = np.where(self.labels == at, -1, self.labels - (self.labels > at))
        del self.ids[at], self.rows[at]

    def _put_in(self, texts: npt.NDArray[np.bool_], topic: int) -> None:
        self.labels = np.where(texts, len(self.ids), self.labels)
        self.ids.append(topic)
        self.rows.append(-1)
        self.history = self.history.with_topic(topic)

    def _part(self, at: int, texts: Labels) -> None:
        # What was not said before is no part of what was.
        if not self._is_new(np.asarray(self.texts.counts[texts].sum(axis=0)).ravel()):
            self.history = self.history.with_part(self.history.next_id, self.ids[at])
        chosen = np.zeros(len(self.labels), bool)
        chosen[texts] = True
        self._put_in(chosen, self.history.next_id)
        self.rows[at] = -1  # what it said before was both

    def _is_new(self, said: Floats) -> bool:
        """Whether what marks some texts, beside all others, was not said before."""
        others = np.asarray(self.texts.counts.sum(axis=0)).ravel() - said
        found = Profiles.of(sparse.csr_matrix(np.vstack([said, others])))
        return bool(measure_presence(found, Profiles.of(self.before.counts))[0] < PRESENT)

    def _join(self, one: int, other: int) -> None:
        """Join two topics; the older one keeps its id, of old ones the larger."""

        def rank(at: int) -> tuple[bool, float]:
            return self.rows[at] >= 0, self.before.sizes[self.rows[at]] if self.rows[at] >= 0 else 0

        kept, lost = sorted((one, other), key=rank, reverse=True)
        self.history = self.history.with_merged(
            self.ids[kept], self.ids[lost], self._describe(lost)
        )
        self.labels = np.where(self.labels == lost, kept, self.labels)
        self._take_out(lost)


def go_on(
    texts: Texts,
    before: Before,
    labels: Labels,
    *,
    n_topics: int | None,
    least: float,
    seed: int,
    make: MakeEstimator,
) -> tuple[Going, Mixture]:
    """Let topics go on in other texts.

    Parameters
    ----------
    texts
        The sample.
    before
        The topics to go on with.
    labels
        The old topic (row) of each text, −1 for none.
    n_topics
        How many are asked for; None for as many as go on and are born.
    least
        Texts of the smallest new topic.
    seed
        Of the search for new topics.
    make
        Makes estimators, as `murmuration.compute.make_estimator` does.
    """
    going = Going(texts, before, labels, seed=seed, make=make)
    going.end()
    n_groups = min(_MOST_GROUPS, max(_LEAST_GROUPS, round(_GROUPS * len(before.ids))), len(labels))
    groups = group_once(
        texts.places, texts.counts, texts.own, n_groups=n_groups, seed=seed, make=make
    )
    stories = find_stories(texts.counts, before.counts, seed=seed, make=make)
    going.begin(np.where(stories >= 0, groups.max(initial=-1) + 1 + stories, groups), least)
    if not going.ids:  # nothing is left of what was said before, and nothing new is large
        going.begin_anew()
    going.merge()
    going.settle()
    going.part()
    mixture = going.settle()
    for _ in range(_TRIES if n_topics else 0):
        if len(going.ids) != n_topics:
            going.fit_number(n_topics or 0)
            mixture = going.settle()
    if n_topics and len(going.ids) != n_topics:  # texts would rather be in fewer topics
        going.fit_number(n_topics)
        mixture = going.learn()
    log.info("of %d topics %d go on, %d are new", len(before.ids), sum(row >= 0 for row in going.rows),
             sum(row < 0 for row in going.rows))  # fmt: skip
    return going, mixture


def remember(counts: Counts, sizes: Floats, before: Before, rows: Labels) -> Mixture:
    """Learn the words of topics from what they have now and had before, half and half.

    Parameters
    ----------
    counts, sizes
        Words and number of texts of topics now, shape (n_topics, n_words) and (n_topics,).
    before
        What they had before. Where there are fewer texts now it counts for more: few posts do not make a topic forget.
    rows
        Where the topics are in `before`, −1 for new ones.
    """
    fresh = min(1.0, sizes.sum() / max(before.sizes.sum(), 1e-12))
    old = rows >= 0
    half = sparse.diags(np.where(old, 0.5, 1.0))
    there = (np.full(int(old.sum()), 1 - fresh / 2), (np.flatnonzero(old), rows[old]))
    back = sparse.csr_matrix(there, shape=(len(rows), len(before.ids)))
    both = half @ counts + back @ before.counts
    both_sizes = half @ sizes + back @ before.sizes
    return learn_words(both.T.toarray(), both_sizes)


def measure_tension(
    texts: Texts, labels: Labels, ids: Labels, *, seed: int, make: MakeEstimator
) -> dict[int, float]:
    """Give by how much each topic is better explained as two, by id; see `History.tension`."""
    if len(ids) > _MOST_GROUPS:
        return {}
    found = {}
    for at, topic in enumerate(ids.tolist()):
        there = labels == at
        gain, halves = part_in_two(texts.counts[there], texts.places[there], seed=seed, make=make)
        found[topic] = round(gain, 4) if len(halves) else 0.0
    return found


def _top_marks(marks: Counts, words: list[str]) -> dict[str, float]:
    order = np.argsort(-marks.data, kind="stable")[:_MARKS]
    return {words[marks.indices[at]]: round(float(marks.data[at]), 5) for at in order}


def _likeness(marks: Mapping[str, float], said: Mapping[str, float]) -> float:
    """Give which share of a topic's marks another topic says at all, weighed by how much they mark."""
    total = sum(marks.values())
    most = max(said.values(), default=0) or 1
    kept = sum(weight for word, weight in marks.items() if said.get(word, 0) > 0.05 * most)
    return kept / total if total else 0.0
