"""Segments keep their ids between runs, also through a folder, and who moved is counted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.audience import (
    Policy,
    SegmentModel,
    SegmentParams,
    assign_segments,
    compare_segments,
    describe_segments,
    fit_segments,
    name_segments,
    profile_authors,
)
from murmuration.audience.identity import _hide_small
from murmuration.errors import ModelError, ParamError

from .conftest import write_posts


@pytest.fixture(scope="module")
def kept(crafters, crafted_model, assigned) -> SegmentModel:
    cards = describe_segments(crafters, assigned)
    return crafted_model.with_names(cards.names).with_members(assigned)


def crafts(assigned: pd.DataFrame) -> pd.Series:
    labels = assigned.set_index("author_key")["segment"].astype(int)
    return labels.groupby(labels.index.str[1:].astype(int) % 3).agg(lambda some: some.mode()[0])


def test_ids_go_on_where_sizes_have_another_order(kept, assigned):
    posts = pd.concat([write_posts(90, seed=1), write_posts(60, seed=2, first=200)])
    craft = posts["author_key"].str[1:].astype(int) % 3
    posts = posts[~((craft == 0) & (posts["author_key"] < "a060"))]  # bread becomes the smallest
    profiles = profile_authors(posts, key=b"a key for tests")
    model = fit_segments(profiles, SegmentParams(n_segments=3, min_authors=10), continue_from=kept)
    assert crafts(assign_segments(profiles, model)).to_dict() == crafts(assigned).to_dict()
    assert model.previous == kept.version


def test_a_new_group_gets_an_id_that_no_segment_had(kept, crafters):
    fresh = profile_authors(write_posts(120, seed=3).assign(text=lambda posts: posts["text"].str.replace("#bread", "#wine").str.replace("@bread", "@wine"), author_key=lambda posts: "new" + posts["author_key"]), key=b"a key for tests")  # fmt: skip
    wine = fresh[fresh["author_key"].str[4:].astype(int).mod(3).eq(0).to_numpy(bool)]
    both = pd.concat([crafters, wine], ignore_index=True)
    model = fit_segments(both, SegmentParams(n_segments=4), continue_from=kept)
    assert sorted(model.ids.tolist()) == [0, 1, 2, 3]
    assert model.next_id == 4
    found = assign_segments(both, model)
    assert found.loc[found["author_key"].str.startswith("new"), "segment"].mode()[0] == 3


def test_large_segments_of_other_authors_are_new_however_large_they_are(kept, crafters, assigned):
    """One large segment and small ones before and after: by chance the large ones have most of their authors in common."""
    rng = np.random.default_rng(0)
    large = np.where(rng.random(120) < 0.8, 0, 1)
    earlier = kept.with_members(assigned.assign(segment=large))
    model = fit_segments(crafters, SegmentParams(n_segments=3), continue_from=earlier)
    assert sorted(model.ids.tolist()) == [3, 4, 5]


def test_one_segment_keeps_its_id_when_other_authors_are_set_aside():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(200), 6)
    when = pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(rng.integers(0, 56 * 86_400, len(who)), unit="s")  # fmt: skip
    posts = pd.DataFrame({"author_key": [f"a{one:03d}" for one in who], "created_at": when})
    kept = None
    for bots in ([1, 2, 3], [4, 5, 6], []):
        texts = [f"text {at}" for at in range(len(who))]
        mass = posts[np.isin(who, bots)].assign(text="buy now")
        profiles = profile_authors(pd.concat([posts.assign(text=texts)[~np.isin(who, bots)], *[mass] * 4]))  # fmt: skip
        model = fit_segments(profiles, continue_from=kept)
        found = assign_segments(profiles, model)
        assert model.ids.tolist() == [0]
        assert found["set_aside"].notna().sum() == len(bots)
        kept = model.with_members(found)


def test_segments_without_an_author_of_before_go_on_where_profiles_are_alike(kept, crafters):
    others = write_posts(120, seed=5).assign(author_key=lambda posts: "n" + posts["author_key"])
    profiles = profile_authors(others, key=b"a key for tests")
    model = fit_segments(profiles, SegmentParams(n_segments=3), continue_from=kept)
    assert sorted(model.ids.tolist()) == [0, 1, 2]
    known = assign_segments(profiles, kept)["segment"].to_numpy(int)
    assert (assign_segments(profiles, model)["segment"].to_numpy(int) == known).mean() > 0.9
    wine = others.assign(text=others["text"].str.replace(r"(bread|bikes|stars)", "wine", regex=True), created_at=others["created_at"].sample(frac=1, random_state=0).to_numpy())  # fmt: skip
    strange = profile_authors(wine, key=b"a key for tests")
    fresh = fit_segments(strange, SegmentParams(n_segments=2), continue_from=kept)
    assert fresh.ids.min() >= 3


def test_a_folder_gives_the_same_segments_back(tmp_path, kept, crafters):
    kept.save(tmp_path / "model")
    again = SegmentModel.load(tmp_path / "model")
    assert again.version == kept.version
    assert again.names == kept.names
    added = ["segment", "segment_strength", "set_aside"]
    pd.testing.assert_frame_equal(assign_segments(crafters, again)[added], assign_segments(crafters, kept)[added])  # fmt: skip


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_every_kind_of_segments_can_be_kept(tmp_path, crafters, method):
    model = fit_segments(crafters, SegmentParams(n_segments=3, method=method, min_authors=10))
    model.save(tmp_path / "model")
    again = SegmentModel.load(tmp_path / "model")
    assert assign_segments(crafters, again)["segment"].equals(assign_segments(crafters, model)["segment"])  # fmt: skip


def test_a_folder_names_no_author(tmp_path, kept, assigned):
    named = assigned.assign(author_key="pseudonym-" + assigned["author_key"])
    kept.with_members(named).save(tmp_path / "model")
    whole = b"".join(path.read_bytes() for path in (tmp_path / "model").rglob("*") if path.is_file())  # fmt: skip
    assert b"pseudonym" not in whole


def test_handles_without_a_key_are_not_kept(tmp_path, crafted):
    open_profiles = profile_authors(crafted)
    model = fit_segments(open_profiles, SegmentParams(n_segments=3))
    with pytest.raises(ModelError, match="not hidden with a key"):
        model.save(tmp_path / "model")


def test_another_kind_of_folder_is_refused(tmp_path):
    with pytest.raises(ModelError):
        SegmentModel.load(tmp_path)


def test_segments_that_do_not_say_who_was_in_them_are_not_compared(
    crafted_model, crafters, assigned
):
    with pytest.raises(ParamError, match="with_members"):
        compare_segments(crafted_model, assigned, describe_segments(crafters, assigned))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 90), min_size=4, max_size=4), min_size=4, max_size=4))
def test_no_small_flow_can_be_worked_out_from_the_sizes_of_segments(sizes):
    """Who knows how large a segment was or is learns of what is hidden only how many there are together, which is never few."""
    cells = [{"previous": one, "segment": other, "authors": n} for one, row in enumerate(sizes) for other, n in enumerate(row) if n]  # fmt: skip
    flows = pd.DataFrame(cells, columns=["previous", "segment", "authors"])
    hidden = _hide_small(flows, 20)
    assert hidden[flows["authors"].to_numpy() < 20].all()
    for side in ("previous", "segment"):
        for _, group in flows.assign(hidden=hidden).groupby(side):
            untold = group.loc[group["hidden"], "authors"].sum()
            assert untold == 0 or untold >= 20 or group["hidden"].all()


def test_who_stayed_came_and_went_adds_up(kept, crafters, assigned):
    moved = assigned.assign(segment=assigned["segment"].mask(np.arange(120) < 60, 0))
    moved = moved.iloc[:100]
    cards = describe_segments(crafters.iloc[:100], moved)
    found = compare_segments(kept, moved, cards)
    table = found.segments.set_index("segment")
    assert table["status"].eq("continued").all()
    told = table.dropna(subset=["stayed", "came", "arrived"])
    now = told[["stayed", "came", "arrived"]].sum(axis=1)
    sizes = cards.segments.set_index("segment")["authors"]
    assert now.to_dict() == sizes[told.index].to_dict()
    assert table["authors_before"].eq(40).all()
    assert found.flows["authors"].ge(20).all()
    assert found.flows["authors"].sum() + found.untold == 120
    gone = found.flows[found.flows["segment"] == -2]
    assert gone["authors"].sum() in (0, 20)
    totals = found.totals.set_index("what")["authors"]
    assert totals.dropna().sum() <= 120
    assert totals["gone"] == 20
    few = assigned.assign(segment=assigned["segment"].mask(np.arange(120) < 9, 0))
    told = compare_segments(kept, few, describe_segments(crafters, few)).segments.set_index(
        "segment"
    )
    assert pd.isna(told.loc[0, "came"])  # six authors are too few to be told
    assert pd.isna(told.loc[0, "stayed"])  # else they could be worked out
    same = compare_segments(kept, assigned, describe_segments(crafters, assigned))
    assert (same.flows["previous"] == same.flows["segment"]).all()
    assert same.segments[["came", "left"]].to_numpy(int).sum() == 0


def test_who_is_new_and_who_wrote_nothing_is_counted_also_where_no_flow_is_large_enough_to_be_shown(
    kept, crafters, assigned
):
    # Of each of three segments ten are new, ten wrote nothing this time, and thirty are in it as before.
    place = assigned.groupby("segment").cumcount().to_numpy(int)
    newcomers = assigned[place < 10].assign(author_key="new " + assigned["author_key"][place < 10])
    now = pd.concat([assigned[place >= 10], newcomers], ignore_index=True)
    found = compare_segments(kept, now, describe_segments(crafters, assigned))
    assert not (found.flows[["previous", "segment"]] == -2).any(axis=None)
    totals = found.totals.set_index("what")["authors"].to_dict()
    # Rounded, as flows too small to be told are among them: what is left of 90 without those that are shown would be one.
    assert totals == {"stayed": 80, "changed": 0, "arrived": 40, "gone": 40}
    assert found.segments[["arrived", "gone"]].isna().all(axis=None)  # of each too few to be told


def test_posts_name_the_segment_their_author_was_in_unless_few_of_it_wrote(kept, crafted, assigned):
    named = kept.with_names({0: "bakers", 1: "riders"})
    posts = name_segments(crafted, named)
    segment_of = dict(zip(assigned["author_key"], assigned["segment"], strict=True))
    called = {0: "bakers", 1: "riders"}
    wanted = [called.get(segment_of[one]) for one in crafted["author_key"]]
    assert [one if isinstance(one, str) else None for one in posts["segment"]] == wanted
    riders = assigned.loc[assigned["segment"] == 1, "author_key"].tolist()
    fewer = crafted[~crafted["author_key"].isin(riders[19:])]
    assert set(name_segments(fewer, named)["segment"].dropna()) == {"bakers"}
    strangers = crafted.assign(author_key=[None, *("b" + crafted["author_key"].iloc[1:])])
    assert name_segments(strangers, named)["segment"].isna().all()


def test_earlier_names_lose_what_the_policy_forbids_now(kept, crafters, crafted, assigned):
    named = kept.with_names({0: "Resharers: #tents, #auspol", 1: "Writers on #auspol", 2: "Writers on #auspol: #rye"})  # fmt: skip
    told = {0: "Resharers: #tents", 1: "Segment 1", 2: "Writers on #rye"}
    moved = compare_segments(named, assigned, describe_segments(crafters, assigned))
    assert dict(zip(moved.segments["segment"], moved.segments["name_before"], strict=True)) == told
    assert set(moved.flows["previous_name"].dropna()) == set(told.values())
    assert set(name_segments(crafted, named)["segment"].dropna()) == set(told.values())
    free = name_segments(crafted, named, policy=Policy(forbids=()))
    assert set(free["segment"].dropna()) == set(named.names.values())
