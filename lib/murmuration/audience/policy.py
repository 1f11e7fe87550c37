"""What a source's policy forbids to name or to infer, and whether members may be handed on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from unicodedata import category, combining, normalize

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.audience.arguments import check_kind, check_profiles
from murmuration.audience.blocks import flatten
from murmuration.audience.features import TERMS
from murmuration.audience.tally import list_terms, make_columns, rank_terms
from murmuration.errors import ParamError, suggest
from murmuration.schema import SENSITIVE, Sensitive

LEAST_AUTHORS = 20

# Beginnings of words, found inside hashtags and names as well where they have five letters or more, or are of a script
# that writes no spaces; shorter ones have to be the whole word, and of four letters may begin one. A full stop ends a word:
# it has to be the whole one, however long. Accents make no difference, but what has one here and five letters has to be the
# whole word without it. A list errs: it hides harmless words, and it knows neither every word nor every language.
_WORDS: Mapping[Sensitive, tuple[str, ...]] = MappingProxyType(
    {
        "health": (
            "health", "cancer", "diabet", "depress", "anxiety", "autis", "covid", "coronavirus", "vaccin", "antivax", "disease", "therap", "patient",
            "medicin", "medical", "hospital", "clinic", "diagnos", "symptom", "pregnan", "abortion", "miscarr", "infertil", "ivf", "suicid", "disabl",
            "disabilit", "wheelchair", "illness", "adhd", "ptsd", "ocd", "hiv", "aids", "bipolar", "schizo", "anorexi", "bulimi", "addict", "alcoholi",
            "overdos", "opioid", "rehab", "insulin", "surgery", "epilep", "alzheimer", "parkinson", "dementia", "asthma", "arthrit", "migraine", "hepatit",
            "allerg", "tumor", "tumour", "chemo.", "chemothera", "obesity", "obese", "menopaus", "influenza", "flu", "pandemi", "plannedparenthood",
            "gesundheit", "krank", "krebs", "impf", "schwanger", "abtreib", "behindert", "enferm", "salud", "vacuna", "embaraz", "aborto", "depresi",
            "ansiedad", "discapac", "medico.", "medicos.", "santé", "maladi", "malade", "medecin", "grossesse", "avortement", "handicape", "saude",
            "doenca", "doente", "gravida.", "malatt", "здоров", "болезн", "病気", "健康", "妊娠", "医療", "うつ病", "癌", "ワクチン", "صحة", "स्वास्थ्य",
        ),
        "politics": (
            "politi", "auspol", "cdnpoli", "election", "uselection", "caucus", "ballot", "democrat", "demokrat", "republican", "senat", "senado", "congress",
            "parliament", "parlament", "trump", "clinton", "hillary", "obama", "barack.", "biden", "maga.", "maga2", "magatrain", "potus", "flotus", "scotus",
            "brexit", "socialis", "sozialis", "communis", "kommunis", "conservativ", "liberal", "libtard", "libs.", "dems.", "labour", "tory", "tories.",
            "leftist", "rightwing", "leftwing", "immigra", "migrant", "refugi", "refugee", "rapefugee", "illegals.", "daca", "sanctuarycit", "openborder",
            "protest", "impeach", "inaugurat", "government", "gouvernement", "gobierno", "governo", "regierung", "ministro.", "ministros.", "ministre.", "primeminister", "president",
            "governor", "formayor", "putin", "merkel", "wahl", "bundestag", "kanzler", "partei", "rechtsextrem", "linksextrem", "fluchtling",
            "flüchtling", "vote", "thevote", "myvote", "ivote", "tovote", "voter", "voting", "votaci", "votar.", "elecci", "eleic", "elezion", "izquierda", "giletsjaunes",
            "gop", "tcot", "ctot", "pjnet", "ccot", "tlot", "p2", "sgp", "lnyhbt", "bb4sp", "teaparty", "nationalis", "fascis", "nazi.", "nazis.", "antifa",
            "kkk", "gunrights", "gunfreezone", "nogun", "secondamendment", "2a", "molonlabe", "guncontrol", "gunsense", "gunviolence", "guns4", "nra",
            "blacklives", "bluelives", "alllives", "blm", "ferguson", "mikebrown", "michaelbrown", "freddiegray", "ericgarner", "altonsterling",
            "philandocastile", "sandrabland", "laquanmcdonald", "mariowoods", "samdubose", "walterscott", "trayvon", "tamirrice", "sayhername",
            "nojustice", "icantbreathe", "handsupdont", "takeaknee", "taketheknee", "kaepernick", "charlottesville", "standingrock", "nodapl",
            "acab.", "policebrutality", "feminis", "womensmarch", "prolife", "prochoice", "defundpp", "defundthe", "fightfor15", "demdebate", "gopdebate", "gopconvention",
            "debate", "scprimary", "nhprimary", "nyprimary", "redneck", "patriot", "whitehouse", "confederat", "constitution.", "wethepeople", "termlimits",
            "altleft", "altright", "americafirst", "wakeupamerica", "renewus", "makeamerica", "draintheswamp", "lockherup", "buildthewall", "borderwall",
            "travelban", "imwithher", "imnotwithher", "feelthebern", "fakenews", "msm", "libcrib", "snrtg", "orpuw", "cr4u", "bernie", "robertmueller", "rednation", "bluewave", "resist.",
            "theresistance", "deepstate", "pizzagate", "qanon", "nwo", "kag", "dnc", "rnc", "dncleak", "rncin", "gopstop", "stopthegop", "tedcruz",
            "cruzcrew", "cruz2016", "bencarson", "marcorubio", "jebbush", "mikepence", "romney", "kasich", "huckabee", "mcconnell", "gorsuch", "kavanaugh", "blaseyford", "chrischristie", "govchristie", "christie2016", "christie16",
            "susanrice", "rahmemanuel", "resignrahm", "podesta", "soros.", "assange", "wikileaks", "infowars", "hannity", "tuckercarlson", "kellyfile",
            "uniteblue", "tgdn", "isis", "staywoke", "socialsecurity", "amendment", "ivanka", "melania", "kushner", "bannon", "comey", "pelosi", "mccain",
            "breitbart", "benghazi", "obamacare", "kremlin", "macron", "lepen", "afd", "cdu", "spd", "ukip", "libdem", "corbyn", "theresamay", "erdogan",
            "bolsonar", "salvini", "zionis", "palestin", "hamas.", "taliban", "irandeal", "syrianref",
            "политик", "выбор", "путин", "трамп", "война", "украин", "сенат", "правительств", "президент", "депутат", "голосован", "кремл",
            "政治", "選挙", "选举", "首相", "内閣", "国会", "自民党", "野党", "与党", "大統領", "总统", "انتخاب", "سياسي", "حكومة", "राजनीति", "चुनाव", "मोदी", "भाजपा",
        ),
        "religion": (
            "religi", "christ", "catholi", "catolic", "cattolic", "protestant", "evangeli", "baptist", "mormon", "orthodox", "jehovah", "church", "jesus", "bible",
            "biblic", "islam", "muslim", "moslem", "musulm", "mosque", "moschee", "quran", "koran", "allah", "sharia", "jihad", "hijab", "burqa", "burka",
            "imam", "ramadan", "jewish", "judais", "judisch", "jüdisch", "juden", "juif", "juive", "antisemit", "synagog", "torah", "talmud", "rabbi.",
            "hanukkah", "passover", "hindu", "diwali", "buddh", "sikh", "atheis", "god", "godbless", "pray", "prayer", "wepray", "uspray", "gospel",
            "pastor.", "priest.", "pope.", "vatican", "worship", "blessed.", "amen.", "hallelu", "kirche", "gott.", "iglesia", "dios.", "eglise", "dieu.", "igreja",
            "deus.", "chiesa", "faith", "easter", "eid", "eidmubarak", "kosher", "halal", "церк", "ислам", "宗教", "教会", "仏教", "キリスト", "イスラム", "الله", "إسلام",
            "مسلم", "رمضان", "हिंदू", "मुस्लिम", "मंदिर",
        ),
        "ethnicity": (
            "ethnic", "racis", "rassis", "racial", "white", "black", "blacks", "blk", "latino", "latina", "latinx", "hispanic", "african", "afroameric",
            "asian", "arab", "arabs", "gypsy", "gitano", "zigeuner", "indigen", "aborigin", "nativeameric", "jews", "whites", "negro", "nigga", "nigger",
            "blackgirl", "blackskin", "blackhistory", "blacktwitter", "blackexcellence", "melanin", "whitepriv", "supremac", "apartheid", "slavery",
            "malcolmx", "mlk", "mlkday", "lutherking", "caucasian", "chicano", "mestiz", "dalit", "hasnocolor", "sowhite", "auslander", "ausländer",
            "黒人", "白人", "人種",
        ),
        "orientation": (
            "lgbt", "gay", "gays", "gaypride", "gaymarr", "gayright", "antigay", "pridemonth", "pridemarch", "marriageequality", "lesbian", "lesbien",
            "bisexual", "queer", "transgender", "transsexual", "transpeople", "transright", "transwom", "dragqueen", "homosexu", "heterosexu",
            "homophob", "samesex", "nonbinary", "pansexual", "schwul", "lesbisch", "loveislove", "genderqueer", "лгбт", "同性愛", "同性婚", "レズビアン",
        ),
    }
)  # fmt: skip
# Harmless words that hold one of the list; they excuse it unless another one of the list reaches over their edge (“uselection”
# over “selection”). A full stop ends a word here, too.
_HARMLESS = (
    "selection", "trumpet", "christmas", "christine", "christina", "christoph", "christie", "christchurch", "blackfriday", "blackberry", "blacklist",
    "blackout", "blackmail", "blackjack", "blackpool", "blackboard", "blackbird", "blackpink", "blacktea", "blackcoffee", "blackandwhite", "whitelist",
    "whiteboard", "whitepaper", "whitewater", "whitewine", "whitechocolate", "offwhite", "snowwhite", "eastern", "macronutri", "comeyou",
    "hospitality", "impatient", "patiently", "retailtherap", "coffeeaddict", "saludo", "arabica.", "asiana.", "pivote", "modalit", "feudalit",
    "computin", "disputin", "imputin", "rasputin", "lepencil", "applepen", "littlepen", "purplepen", "unorthodox", "tallahass", "callahan", "comedical", "devoting",
)  # fmt: skip
_INSIDE = 5  # letters from which on a word is also found inside a name
_NO_SPACES = "\u2e80"  # from this letter on, scripts write words without spaces between
_NO_ACCENTS = (
    "\u0370"  # from this letter on, but for Arabic, signs on letters make other letters of them
)
_ARABIC = ("\u0600", "\u06ff")
# What Arabic writes before a word as one with it: “and”, “in”, “as”, “for”, “the”.
_ARTICLES = ("وال", "بال", "فال", "كال", "ولل", "ال", "لل", "و")

_Spans = list[tuple[int, int]]


def _fold(term: str) -> str:
    """Write a term in small letters, each sign on a letter the one way that there is for it."""
    if term.isascii():
        return term.lower()
    known = normalize("NFKC", normalize("NFKC", term).casefold())
    return "".join(one for one in known if category(one) != "Cf")


def _drop_accents(term: str) -> str:
    if term.isascii():
        return term
    kept, base = [], ""
    for one in normalize("NFD", term):
        if not combining(one):
            base = one
        elif base < _NO_ACCENTS or _ARABIC[0] <= base <= _ARABIC[1]:
            continue
        kept.append(one)
    return normalize("NFC", "".join(kept))


def _split(term: str) -> _Spans:
    """Give where the words of a term begin and end; after an Arabic article, a word begins anew."""
    lettered = "".join(one if one.isalnum() or category(one)[0] == "M" else " " for one in term)
    spans = [found.span() for found in re.finditer(r"\S+", lettered)]
    return spans + [(start + len(one), end) for start, end in spans for one in _ARTICLES if term.startswith(one, start)]  # fmt: skip


def _find_all(words: Sequence[str], term: str) -> _Spans:
    """Give where words are in a term, also in one another."""
    spans = []
    for word in words:
        at = term.find(word)
        while at >= 0:
            spans.append((at, at + len(word)))
            at = term.find(word, at + 1)
    return spans


class _List:
    """Words of one kind, by how they are found."""

    def __init__(self, words: Sequence[str]) -> None:
        ended = {_fold(word.removesuffix(".")) for word in words if word.endswith(".")}
        others = {_fold(word) for word in words if not word.endswith(".")}
        bare = {_drop_accents(word) for word in others} - others
        others |= {word for word in bare if len(word) > _INSIDE}
        self._inside = tuple(sorted(word for word in others if len(word) >= _INSIDE or word[0] >= _NO_SPACES))  # fmt: skip
        self._first = tuple(sorted(word for word in others if len(word) == _INSIDE - 1))
        self._whole = ended | {_drop_accents(word) for word in ended} | others | bare

    def find(self, term: str) -> _Spans:
        """Give where words of the list are in a term that was folded."""
        spans = _find_all([word for word in self._inside if word in term], term)
        for start, end in _split(term):
            if term[start:end] in self._whole:
                spans.append((start, end))
            elif term.startswith(self._first, start):
                spans.append((start, start + _INSIDE - 1))
        return spans


_EXCUSES = _List(_HARMLESS)


def _hold(term: str, names: Sequence[Sensitive]) -> bool:
    found = [span for name in names for span in _LISTS[name].find(term)]
    excuses = [span for span in (_EXCUSES.find(term) if found else []) if not any(_reaches_over(one, span) for one in found)]  # fmt: skip
    return any(not any(_is_within(one, span) for span in excuses) for one in found)


def _is_within(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= one[0] and one[1] <= other[1]


def _reaches_over(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and not _is_within(one, other)


_LISTS: Mapping[Sensitive, _List] = MappingProxyType({name: _List(words) for name, words in _WORDS.items()})  # fmt: skip


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
        plain = _fold(term)
        bare = _drop_accents(plain)
        forms = (plain,) if bare == plain else (plain, bare)
        return not any(_hold(form, self.forbids) for form in forms)

    def mask(self, terms: pa.Array) -> npt.NDArray[np.bool_]:
        """Say of each term whether it may be used and shown."""
        encoded = terms.dictionary_encode()
        allowed = np.array(
            [self.allows(term or "") for term in encoded.dictionary.to_pylist()], bool
        )
        codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        return allowed[codes] if len(allowed) else np.zeros(len(codes), bool)


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
    check_profiles(profiles, what="drop_forbidden")
    check_kind(policy, Policy, what="drop_forbidden", cure="Write Policy(), for example.")
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
