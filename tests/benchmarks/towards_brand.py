"""How often the sentiment towards a brand is right, beside that of the whole post in the same run.

    python tests/benchmarks/towards_brand.py [--misses]

Judged on tests/golden/towards_brand.jsonl: invented posts, each brand in them with the label a reader would
give. The rules were tuned on the half "development"; "held-out" was written before them. With `--misses` the
wrong ones of the development half are listed. Then the speed, in posts that mention one brand or several.
"""

import json
import sys
from pathlib import Path
from time import perf_counter

import pandas as pd
from sklearn.metrics import accuracy_score, f1_score

from murmuration.sentiment import score_posts, score_towards
from murmuration.text import Brand

GOLDEN = Path(__file__).parents[1] / "golden" / "towards_brand.jsonl"
ONE_BRAND = ("single",)  # kinds of posts with one brand and without a comparison


def read_golden() -> tuple[list[Brand], dict[str, float], pd.DataFrame]:
    """Give the brands, the lexicon, and a row for each post and brand."""
    lines = GOLDEN.read_text(encoding="utf-8").split("\n")
    head, *cases = [json.loads(line) for line in lines if line]
    brands = [
        Brand(**{key: tuple(v) if isinstance(v, list) else v for key, v in made.items()})
        for made in head["brands"]
    ]
    rows = [
        {**case, "brand": brand, "expected": label, "lang": "en"}
        for case in cases
        for brand, label in case["labels"].items()
    ]
    return brands, head["lexicon"], pd.DataFrame(rows).drop(columns="labels")


def judge() -> pd.DataFrame:
    """Add what is found towards each brand, and in the whole post."""
    brands, lexicon, rows = read_golden()
    whole = score_posts(rows, lexicon=lexicon)["sentiment_label"]
    found = []
    for brand in brands:
        posts = rows[rows["brand"] == brand.key]
        found.append(score_towards(posts, brand, others=brands, lexicon=lexicon))
    return pd.concat(found).loc[rows.index].assign(whole=whole)


def measure(judged: pd.DataFrame, column: str) -> str:
    """Give accuracy and macro F1 in percent."""
    found, expected = judged[column].astype(str), judged["expected"]
    correct = accuracy_score(expected, found)
    return f"{correct:>9.1%} {f1_score(expected, found, average='macro'):>9.1%}"


def main() -> None:
    """Print a line for each half and kind."""
    judged = judge()
    single = judged["kind"].isin(ONE_BRAND)
    print(
        f"{'half':12} {'posts':18} {'labels':>6} {'whole: accuracy':>9} {'F1':>5} {'towards':>9} {'F1':>9}"
    )
    for half in ("development", "held-out"):
        ours = judged["half"] == half
        groups = {"several, contrasts": ours & ~single, "one brand": ours & single, "all": ours}
        for name, rows in groups.items():
            part = judged[rows]
            print(
                f"{half:12} {name:18} {len(part):>6} {measure(part, 'whole')} {measure(part, 'towards_label')}"
            )
    if "--misses" in sys.argv:
        wrong = judged[
            (judged["half"] == "development") & (judged["towards_label"] != judged["expected"])
        ]
        for row in wrong.itertuples():
            print(
                f"{row.kind:14} {row.brand:9} {row.expected} not {row.towards_label}: {row.text} | {row.towards_part}"
            )
    brands, lexicon, rows = read_golden()
    for name, texts in (
        ("one brand", rows.loc[rows["kind"] == "single", "text"]),
        ("several", rows.loc[rows["kind"] != "single", "text"]),
    ):
        many = pd.DataFrame({"text": pd.concat([texts] * (20_000 // len(texts))), "lang": "en"})
        started = perf_counter()
        for brand in brands[:2]:
            score_towards(many, brand, others=brands, lexicon=lexicon)
        print(f"{name:12} {2 * len(many) / (perf_counter() - started):>9,.0f} posts/s")


if __name__ == "__main__":
    main()
