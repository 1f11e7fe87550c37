"""What a source's policy forbids to name or to infer, and whether members may be handed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.audience.blocks import flatten
from murmuration.audience.features import TERMS
from murmuration.audience.tally import list_terms, make_columns, rank_terms
from murmuration.errors import ParamError, suggest
from murmuration.schema import SENSITIVE, Sensitive

LEAST_AUTHORS = 20

# Beginnings of words, found inside hashtags and names as well where they have five letters or more; shorter ones
# have to be the whole word. A list errs: it hides harmless words, and it does not know every language.
_WORDS: Mapping[Sensitive, tuple[str, ...]] = MappingProxyType(
    {
        "health": (
            "health", "cancer", "diabet", "depress", "anxiety", "autis", "covid", "vaccin", "disease", "therap", "patient",
            "medicin", "medical", "pregnan", "abortion", "suicid", "disab", "illness", "adhd", "hiv", "aids", "krebs",
            "gesundheit", "krank", "impf", "enferm", "salud", "santé", "maladie", "bipolar", "addict", "rehab", "insulin",
            "surgery", "epilep", "alzheimer", "dementia", "asthma", "obes",
        ),
        "politics": (
            "politi", "elections", "electionday", "election2016", "democrat", "republican", "senat", "congress", "parliament", "trump", "clinton", "hillary",
            "obama", "biden", "maga", "potus", "flotus", "scotus", "brexit", "socialis", "communis", "conservativ", "liberals", "labour", "tory",
            "tories", "leftist", "rightwing", "leftwing", "immigra", "migrant", "refugee", "protest", "impeach", "government",
            "president", "governor", "putin", "merkel", "wahl", "partei", "regierung", "election", "vote",
            "voter", "voting", "gop", "tcot", "pjnet", "ccot", "tlot", "p2", "teaparty", "nationalis", "fascis", "antifa",
            "gunrights", "secondamendment", "2a", "guncontrol", "blacklives", "bluelives", "alllives", "feminis", "demdebate", "gopdebate", "debate", "redneck", "patriot", "whitehouse", "confederat", "политик",
            "altleft", "altright", "americafirst", "wakeupamerica", "makeamerica", "draintheswamp", "lockherup", "buildthewall", "imwithher",
            "feelthebern", "fakenews", "berniesanders", "robertmueller", "rednation", "bluewave", "deepstate", "pizzagate", "qanon", "kag", "dnc", "rnc", "dncleak", "rncin",
            "gopstop", "stopthegop", "tedcruz", "cruzcrew", "uniteblue", "tgdn", "nra", "isis", "gunsense", "gunviolence", "guns4", "staywoke", "socialsecurity", "amendment",
            "policebrutality", "trayvon", "tamirrice", "ivanka", "melania", "kushner", "bannon", "comey", "pelosi", "mccain",
            "breitbart", "benghazi", "obamacare", "kremlin", "macron", "lepen", "afd", "cdu", "spd",
            "ukip", "libdem", "corbyn", "theresamay", "erdogan", "bolsonaro",
            "выбор", "путин", "трамп", "война", "украин", "сенат", "правительств", "президент",
        ),
        "religion": (
            "religi", "christ", "catholic", "protestant", "church", "jesus", "bible", "islam", "muslim", "moslem", "mosque",
            "quran", "koran", "allah", "ramadan", "jewish", "judais", "synagog", "torah", "hindu", "buddh", "sikh", "atheis",
            "god", "pray", "prayer", "gospel", "kirche", "iglesia", "faith", "easter", "kosher", "halal", "церк", "ислам",
        ),
        "ethnicity": (
            "ethnic", "racis", "racial", "white", "black", "blacks", "latino", "latina", "latinx", "hispanic", "african", "asian",
            "arab", "arabs", "gypsy", "indigen", "aborigin", "jews", "whites", "negro", "blackgirl", "blackskin",
            "blackhistory", "blacktwitter", "blackexcellence", "melanin", "whitepriv", "whitesuprem", "caucasian", "chicano", "hasnocolor", "sowhite",
        ),
        "orientation": (
            "lgbt", "gay", "gays", "lesbian", "bisexual", "queer", "transgender", "transsexual", "homosexual", "heterosexual",
            "homophob", "samesex", "nonbinary", "pansexual", "schwul", "lesbisch", "loveislove", "genderqueer",
        ),
    }
)  # fmt: skip
_HARMLESS = (
    "selection",
    "trumpet",
    "christmas",
    "blackfriday",
    "blackberry",
    "eastern",
    "macronutri",
    "comeyou",
)
_INSIDE = 5  # letters from which on a word is also found inside a name


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be said of the authors of a source.

    Attributes
    ----------
    forbids
        What is neither named nor inferred: some of `SENSITIVE`. All unless given.
    least_authors
        Groups of fewer authors are not shown.
    export
        Whether the membership of authors, by pseudonym, may be handed on.
    """

    forbids: Sequence[Sensitive] = SENSITIVE
    least_authors: int = LEAST_AUTHORS
    export: bool = False

    def __post_init__(self) -> None:
        for name in self.forbids:
            if name not in SENSITIVE:
                raise ParamError(f"Policy.forbids names {name!r}.{suggest(str(name), SENSITIVE)}")
        if not LEAST_AUTHORS <= self.least_authors <= 10_000_000:
            raise ParamError(
                f"Policy.least_authors is {self.least_authors}, but groups of fewer than {LEAST_AUTHORS} authors are never shown."
            )

    def allows(self, term: str) -> bool:
        """Say whether a term may be used and shown."""
        plain = term.lower()
        for harmless in _HARMLESS:
            plain = plain.replace(harmless, "")
        parts = [part for part in _split(plain) if part]
        for name in self.forbids:
            for word in _WORDS[name]:
                if len(word) >= _INSIDE and word in plain:
                    return False
                longer = len(word) == _INSIDE - 1 and any(part.startswith(word) for part in parts)
                if word in parts or longer:
                    return False
        return True

    def mask(self, terms: pa.Array) -> npt.NDArray[np.bool_]:
        """Say of each term whether it may be used and shown."""
        encoded = terms.dictionary_encode()
        allowed = np.array(
            [self.allows(term or "") for term in encoded.dictionary.to_pylist()], bool
        )
        codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        return allowed[codes] if len(allowed) else np.zeros(len(codes), bool)


def _split(term: str) -> list[str]:
    return "".join(one if one.isalnum() else " " for one in term).split()


def drop_forbidden(profiles: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Take out of profiles what a policy forbids, so that no segment is made of it.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    policy
        Of the source.

    Returns
    -------
    pandas.DataFrame
        The same without forbidden hashtags, domains, communities and words. A list of words finds them: what it does
        not know stays.
    """
    if not policy.forbids:
        return profiles
    changed = {}
    for kind in TERMS:
        if kind in profiles.columns and kind not in ("mentions", "topics"):  # keys and numbers
            authors, terms, counts = flatten(profiles, kind)
            kept = policy.mask(terms)
            places, names = rank_terms(terms.filter(pa.array(kept)))
            lists = list_terms(authors[kept], places, counts[kept].astype(np.int64), names, len(profiles))  # fmt: skip
            names, numbers = make_columns([lists])
            changed[kind] = pd.Series(names, index=profiles.index)
            changed[f"{kind}_n"] = pd.Series(numbers, index=profiles.index)
    return profiles.assign(**changed)
