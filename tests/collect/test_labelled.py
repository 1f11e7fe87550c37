"""Labelled files: columns and labels are recognised, and what is odd is named."""

import json

import pandas as pd
import pytest

from murmuration.collect.labelled import read_labelled
from murmuration.errors import ReadError, SchemaError


@pytest.fixture
def write(tmp_path):
    def make(text, name="posts.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return make


ROWS = "id,tweet,sentiment,user,lang\n1,good day,Positive,ann,en\n2,bad day,NEG,ann,de\n3,a day,neutral,bob,\n"


def test_columns_and_labels_are_recognised(write):
    found = read_labelled(write(ROWS))
    assert found.columns == {
        "text": "tweet", "label": "sentiment", "lang": "lang", "group": "user", "post_id": "id",
    }  # fmt: skip
    assert found.posts["label"].tolist() == ["positive", "negative", "neutral"]
    assert found.posts["group"].tolist() == ["ann", "ann", "bob"]
    assert found.posts["lang"].isna().tolist() == [False, False, True]
    assert len(found.sha256) == 64


def test_a_language_that_is_said_holds_for_all(write):
    assert set(read_labelled(write(ROWS), lang="en").posts["lang"]) == {"en"}


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1, 2], "negative neutral positive"), ([-1, 0, 1], "negative neutral positive"),
        (["0", "2", "4"], "negative neutral positive"), ([0.0, 2.0, 1.0], "negative positive neutral"),
        (["pos", "NEG", "neu"], "positive negative neutral"), ([-1, 1, 1], "negative positive positive"),
        (["1.0", "2.0", "0.0"], "neutral positive negative"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_labels_mean_the_same_in_every_file(tmp_path, values, labels, kind):
    rows = pd.DataFrame({"text": ["a\u2028b", "c, d", "e\nf"], "y": values})
    path = tmp_path / f"posts.{kind}"
    if kind == "csv":
        rows.to_csv(path, index=False)
    elif kind == "parquet":
        rows.to_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_dict("records")))
    found = read_labelled(path)
    assert found.posts["label"].tolist() == labels.split()
    assert found.posts["text"].tolist() == ["a\u2028b", "c, d", "e\nf"]


def test_what_a_file_holds_is_counted(write):
    text = "text,label\ngood,positive\ngood,negative\ngood,positive\nbad,negative\nbad,negative\n,positive\nx,\n"
    found = read_labelled(write(text))
    assert (found.rows, found.without_text, found.without_label) == (7, 1, 1)
    assert (found.repeated, found.contradicting) == (5, 3)


@pytest.mark.parametrize("word", ["none", "None", "NULL", "nan", "empty"])
def test_words_for_a_missing_label_are_no_label(write, word):
    found = read_labelled(write(f"text,label\ngood,positive\nbad,{word}\n"))
    assert (found.posts["label"].tolist(), found.without_label) == (["positive"], 1)


def test_other_separators_encodings_and_marks_are_read(write):
    text = "texte;label\n„Schön“, sagt er;positive\nübel;negative\n"
    found = read_labelled(write(text, encoding="utf-8-sig"), text="texte")
    assert found.posts["text"].tolist() == ["„Schön“, sagt er", "übel"]
    rows = "Das Café ist schön\tpositive\nDer Bus kam für uns zu spät\tnegative\n"
    old = read_labelled(write("text\tlabel\n" + rows, "p.tsv", "cp1252"))
    assert old.posts["text"].tolist() == ["Das Café ist schön", "Der Bus kam für uns zu spät"]


@pytest.mark.parametrize(
    ("text", "name", "error", "said"),
    [
        ("text,label\na,positve\nb,negative\n", "p.csv", ReadError,
         r"column 'label' has the label 'positve' in 1 of 2 rows, which means nothing here\. Did you mean 'positive'\?"),
        ("text,label\na,0\nb,1\n", "p.csv", ReadError, "holds only 0, 1, which may mean several things"),
        ("text,label\na,7\n", "p.csv", ReadError, "has the label '7'"),
        ("text,label\n,positive\n", "p.csv", ReadError, "no row with both a text and a label"),
        ("text,label\n", "p.csv", ReadError, "no row with both a text and a label"),
        ("", "p.csv", ReadError, "cannot be read"),
        ("what,label\na,positive\n", "p.csv", SchemaError, "None of the columns of .* is known to hold the text: what, label"),
        ('{"text": "a", "label": "positive"}\n[1, 2\n', "p.jsonl", ReadError, "line 2: this is no JSON object"),
        ("no", "p.parquet", ReadError, "cannot be read"),
        ("no", "p.docx", ReadError, "labelled posts come as CSV, JSON lines or Parquet"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(write, text, name, error, said):
    with pytest.raises(error, match=said):
        read_labelled(write(text, name))


def test_a_misspelt_column_or_file_is_named_with_the_near_match(write):
    path = write(ROWS)
    with pytest.raises(
        SchemaError, match=r"no column 'sentimnt' for the label\. Did you mean 'sentiment'\?"
    ):
        read_labelled(path, label="sentimnt")
    with pytest.raises(
        ReadError, match=r"There is no file .*post\.csv\. Did you mean 'posts\.csv'\?"
    ):
        read_labelled(path.with_name("post.csv"))
