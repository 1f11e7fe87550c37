"""``murmuration topics …``: what people say of topics that are kept, so that later reports say it too."""

from typing import TYPE_CHECKING, Annotated

import typer

from murmuration.terminal import number, print_json, print_table

if TYPE_CHECKING:
    from murmuration.topics import TopicModel

topics = typer.Typer(
    no_args_is_help=True, help="Topics that reports keep from week to week: list, rename, merge."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Name = Annotated[str, typer.Argument(help="What they are kept under, or a version name@xxxxxxxx.")]


@topics.command("list")
def list_(
    name: Annotated[
        str | None, typer.Argument(help="Topics of this name; else the names there are.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every topic that there is or was under a name."""
    from murmuration.registry import list_topics

    if name is None:
        _list_names(as_json=as_json)
        return
    table = list_topics(name)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    if as_json:
        print_json(rows)
        return
    print_table(
        ["topic", "label", "state", "posts"],
        [
            [
                str(row["topic"]),
                row["label"] or "",
                row["state"] if row["into"] is None else f"merged into {row['into']}",
                "" if row["posts"] is None else f"{row['posts']:,}",
            ]
            for row in rows
        ],
    )
    typer.echo(f"{number(len(rows), 'topic')} of {name}.")


@topics.command()
def rename(
    name: Name,
    topic: Annotated[int, typer.Argument(help="Its id, as in the table of the report.")],
    label: Annotated[str, typer.Argument(help="In quotation marks where it has spaces.")],
) -> None:
    """Give a topic a label, for good: reports that go on from it say so too."""
    from murmuration.registry import rename_topic

    _tell(rename_topic(name, topic, label), topic)


@topics.command()
def merge(
    name: Name,
    ids: Annotated[
        list[int], typer.Argument(metavar="TOPIC TOPIC...", help="The first gives id and label.")
    ],
) -> None:
    """Make one topic of several, for good: reports that go on from it keep it so."""
    from murmuration.registry import merge_topics

    _tell(merge_topics(name, ids), ids[0])


def _tell(model: "TopicModel", topic: int) -> None:
    table = model.topics.set_index("id")
    label, posts = table["label"][topic], int(table["posts"][topic])
    typer.echo(f"Topic {topic} is “{label}” with {number(posts, 'post')}, kept as {model.version}.")


def _list_names(*, as_json: bool) -> None:
    from murmuration.registry import list_versions
    from murmuration.store.delta import open_store

    store = open_store()
    table = list_versions(store=store)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    if as_json:
        print_json(rows)
        return
    print_table(
        ["model", "", "period (UTC)", "made of"],
        [
            [
                row["model"],
                "newest" if row["newest"] else "",
                _tell_period(row["since"], row["until"]),
                str(row["trained_on"].get("description", "")),
            ]
            for row in rows
        ],
    )
    typer.echo(f"{number(len(rows), 'version')} of topics; a name means the newest. Store: {store.location}")  # fmt: skip


def _tell_period(since: str | None, until: str | None) -> str:
    """Give first and last time; midnight is not told."""
    ends = (one.partition("+")[0][:16].replace("T", " ") for one in (since, until) if one)
    return " to ".join(one.removesuffix(" 00:00") for one in ends)
