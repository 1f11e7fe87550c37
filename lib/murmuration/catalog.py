"""``data_catalog.yaml``: where the store is, and which sources, brands and lexicons have names.

The file is parsed with the line of every value kept, validated with pydantic, and every complaint
names the file, the line and the key, what was found, what is allowed and the nearest match.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from murmuration.errors import CatalogError, ParamError, UnknownNameError, suggest
from murmuration.schema import SENSITIVE, SOURCE_NAME, Sensitive
from murmuration.yaml_file import Place, explain, kind_of, read_yaml, validate

if TYPE_CHECKING:
    from murmuration.text.brands import Brand

_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]{1,80}")
CONNECTORS = Literal["bluesky", "hackernews", "mastodon", "reddit", "x"]


class _Entry(BaseModel):
    # Values stay out of errors: a secret may stand where it should not.
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )


@cache
def _zones() -> set[str]:
    return available_timezones()  # walks through folders


def _check_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is no IANA time zone.{suggest(name, _zones())}")
    return name


def _check_name(name: str) -> str:
    if not SOURCE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a name here; use up to 64 of a-z, 0-9, _ and -")
    return name


def _check_phrase(phrase: str) -> str:
    if not phrase.strip(" @＠#＃"):
        raise ValueError(f"{phrase!r} would be found in every post; write a word or leave it out")
    return phrase


Zone = Annotated[str, AfterValidator(_check_zone)]
Name = Annotated[str, AfterValidator(_check_name)]
Phrase = Annotated[str, AfterValidator(_check_phrase)]


class LiveSource(_Entry):
    """How a live source is reached.

    Attributes
    ----------
    connector
        The platform's programming interface.
    address
        The server, where the platform has many.
    query
        What to ask for.
    secrets
        For each credential, the *name* of the environment variable that holds it.
    """

    connector: CONNECTORS
    address: str | None = None
    query: str | None = None
    secrets: dict[str, str] = Field(default_factory=dict)

    @field_validator("secrets")
    @classmethod
    def _names_only(cls, secrets: dict[str, str]) -> dict[str, str]:
        for name, variable in secrets.items():
            if not _ENV_NAME.fullmatch(variable):
                # The value is not repeated: it may be the secret itself.
                raise ValueError(
                    f"secret {name!r} must be the name of an environment variable, such as "
                    f"{name.upper()}; what stands there is none. Move a secret out of this file."
                )
        return secrets


class PolicyEntry(_Entry):
    """What may be said of the authors of a source; see `murmuration.audience.Policy`.

    Attributes
    ----------
    forbids
        What is neither named nor inferred of authors.
    least_authors
        Groups of fewer authors are not shown.
    export
        Whether the membership of authors in segments may be handed on, by pseudonym.
    """

    forbids: list[Sensitive] = Field(default_factory=lambda: list(SENSITIVE))
    least_authors: Annotated[int, Field(ge=20, le=10_000_000, strict=True)] = 20
    export: Annotated[bool, Field(strict=True)] = False


class SourceEntry(_Entry):
    """A source: a label for imports, with what its files do not say themselves.

    Attributes
    ----------
    description
        For people.
    platform
        Goes into the column of that name where a post does not say.
    files
        Paths or patterns that ``import`` takes when it is given none.
    map
        Field of a post to column of the file, where the names are not recognised.
    encoding, delimiter, timezone, time_format
        Of the files, where they should not be detected. `timezone` is that of times without one.
    language
        Language of all posts, where the platform does not say.
    policy
        What may be said of its authors.
    live
        How to reach it, for a live source.
    """

    description: str = ""
    platform: str | None = None
    files: list[str] = Field(default_factory=list)
    map: dict[str, str] = Field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    timezone: Zone = "UTC"
    time_format: str | None = None
    language: str | None = None
    policy: PolicyEntry = Field(default_factory=PolicyEntry)
    live: LiveSource | None = None

    @field_validator("language")
    @classmethod
    def _is_a_language(cls, given: str | None) -> str | None:
        # Here, as it brings Arrow, which most catalogs do without.
        from murmuration.text.language import known_code

        try:
            return given and known_code(given)
        except ParamError as err:
            raise ValueError(str(err)) from err


class BrandEntry(_Entry):
    """A brand as the catalog writes it; see `murmuration.text.Brand`."""

    name: str | None = None
    terms: list[Phrase] = Field(default_factory=list)
    handles: list[Phrase] = Field(default_factory=list)
    hashtags: list[Phrase] = Field(default_factory=list)
    exclude: list[Phrase] = Field(default_factory=list)
    competitors: list[str] = Field(default_factory=list)
    lexicon: str | None = None

    @model_validator(mode="after")
    def _has_something_to_look_for(self) -> Self:
        if not (self.terms or self.handles or self.hashtags):
            raise ValueError("a brand needs terms, handles or hashtags to look for")
        return self


class LexiconEntry(_Entry):
    """Words with a feeling of their own here, −4 (worst) to 4 (best); 0 takes a word out."""

    description: str = ""
    # Strict, or `good: yes` would weigh 1.
    words: dict[str, Annotated[float, Field(ge=-4, le=4, strict=True)]]


class Catalog(_Entry):
    """The whole catalog.

    Attributes
    ----------
    store
        Folder or ``s3://`` address of the store; a relative one is taken from the catalog's folder.
    sources, brands, lexicons
        Named entries.
    """

    store: Annotated[str, Field(min_length=1)] = "data"
    sources: dict[Name, SourceEntry] = Field(default_factory=dict)
    brands: dict[Name, BrandEntry] = Field(default_factory=dict)
    lexicons: dict[Name, LexiconEntry] = Field(default_factory=dict)

    def source(self, name: str) -> SourceEntry:
        """Give the entry of a source, or an empty one for a source that needs no words."""
        return self.sources.get(name, SourceEntry())

    def brand(self, name: str) -> "Brand":
        """Give a brand by its key.

        Raises
        ------
        UnknownNameError
            If there is none of that name; says the nearest one.
        """
        if name not in self.brands:
            raise UnknownNameError(
                f"No brand called {name!r} in data_catalog.yaml.{suggest(name, self.brands)}"
            )
        from murmuration.text.brands import Brand  # brings pandas, which an import does without

        entry = self.brands[name]
        return Brand(
            key=name,
            name=entry.name or name,
            terms=tuple(entry.terms),
            handles=tuple(entry.handles),
            hashtags=tuple(entry.hashtags),
            exclude=tuple(entry.exclude),
            competitors=tuple(entry.competitors),
            lexicon=entry.lexicon,
        )

    def lexicon(self, name: str) -> dict[str, float]:
        """Give the words of a lexicon by its name.

        Raises
        ------
        UnknownNameError
            If there is none of that name; says the nearest one.
        """
        if name not in self.lexicons:
            raise UnknownNameError(
                f"No lexicon called {name!r} in data_catalog.yaml.{suggest(name, self.lexicons)}"
            )
        return dict(self.lexicons[name].words)


def load_catalog(path: Path) -> Catalog:
    """Read and check the catalog.

    Parameters
    ----------
    path
        The YAML file; a missing one is an empty catalog.

    Returns
    -------
    Catalog
        Validated entries.

    Raises
    ------
    CatalogError
        If the file is no YAML or an entry is wrong; names file, line, key and the mend.
    """
    if not path.exists():
        return Catalog()
    content, lines = read_yaml(path, CatalogError)
    if content is None:
        return Catalog()
    if not isinstance(content, dict):
        raise CatalogError(
            f"{path} must hold the keys {', '.join(Catalog.model_fields)}; "
            f"found {kind_of(content)} instead."
        )
    catalog = validate(
        Catalog,
        content,
        where=(path, lines),
        error=CatalogError,
        allowed=_allowed_keys,
        secret=("secrets",),
    )
    if found := list(_dangling(catalog)):
        raise CatalogError(explain(found, path, lines))
    return catalog


def _dangling(catalog: Catalog) -> Iterator[tuple[Place, str]]:
    """Names of brands and lexicons that are not there."""
    for key, brand in catalog.brands.items():
        for number, rival in enumerate(brand.competitors):
            if rival not in catalog.brands:
                yield (
                    ("brands", key, "competitors", number),
                    f"{rival!r} is no brand.{suggest(rival, catalog.brands)}",
                )
        if brand.lexicon is not None and brand.lexicon not in catalog.lexicons:
            yield (
                ("brands", key, "lexicon"),
                f"{brand.lexicon!r} is no lexicon.{suggest(brand.lexicon, catalog.lexicons)}",
            )


def _allowed_keys(place: Place) -> list[str]:
    if len(place) == 1:
        return list(Catalog.model_fields)
    if "live" in place[2:-1]:
        return list(LiveSource.model_fields)
    if "policy" in place[2:]:
        return list(SENSITIVE if "forbids" in place else PolicyEntry.model_fields)
    entries: dict[str, type[BaseModel]] = {
        "sources": SourceEntry,
        "brands": BrandEntry,
        "lexicons": LexiconEntry,
    }
    return list(entries[str(place[0])].model_fields)
