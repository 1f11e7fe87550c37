"""VADER's rules over whole columns of text, compiled.

One function per step of vaderSentiment 3.3.2, in the order of its arithmetic, so that scores are the same to the
last bit; names follow its methods. All of it stands in this one file, as numba's cache does not notice a
change in another.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

# What a character is to VADER, beyond ASCII: each becomes one byte, which is all that its rules can see.
UNCASED, UPPER, LOWER, SPACE = 0x80, 0x81, 0x82, 0x83
EMOJI = 0x84  # gives way to the words that describe it
KELVIN = 0x85  # the one letter beyond ASCII whose small letter is ASCII: k

# Roles of words, as bits.
(
    IN_LEXICON, NEGATES, BOOSTS, NO, OR_NOR, LEAST, AT_VERY, NEVER, SO_THIS, WITHOUT, DOUBT, BUT, KIND, OF, IN_PHRASE,
) = (1 << bit for bit in range(15))  # fmt: skip

B_INCR, C_INCR, N_SCALAR = 0.293, 0.733, -0.74
ALPHA = 15.0
MAX_LETTERS = 64  # of a word that can be known; longer ones are not looked up

# A third of the time to compile goes into what Python calls functions by; `numba.extending.overload` does without, too.
_UNCALLED: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

F = TypeVar("F", bound=Callable[..., Any])
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Words(NamedTuple):
    """Known words in a hash table, and what each means.

    Attributes
    ----------
    slots
        For each hash the number of a word, from 1; 0 where there is none. Its length is a power of two.
    starts, letters
        Word n is ``letters[starts[n]:starts[n + 1]]``, in small letters.
    roles, valence, boost
        For each word, see the bits above; word 0 is any other.
    phrases, phrase_values
        Rows of three words (the third 0 in a pair), and the valence of each.
    pairs, pair_values
        Rows of two words that boost together, and by how much.
    """

    slots: Ints
    starts: Ints
    letters: Bytes
    roles: Ints
    valence: Floats
    boost: Floats
    phrases: Ints
    phrase_values: Floats
    pairs: Ints
    pair_values: Floats


class Characters(NamedTuple):
    """What characters are.

    Attributes
    ----------
    kinds
        For each code point below its length one of the constants above; beyond it all are uncased.
    spaces, marks
        For each byte below 256, whether it separates words, and whether it is ASCII punctuation.
    emoji
        For each code point of `kinds` the number of its description.
    starts, letters
        Description n is ``letters[starts[n]:starts[n + 1]]``.
    """

    kinds: Bytes
    spaces: Bools
    marks: Bools
    emoji: npt.NDArray[np.int16]
    starts: Ints
    letters: Bytes


class Room(NamedTuple):
    """Where a text is worked on; its length is that of the longest text that is read.

    Attributes
    ----------
    text
        One byte a character.
    found, roles, upper, valence
        Of each word: its number, roles, whether it is all capitals, and what it adds.
    """

    text: Bytes
    found: Ints
    roles: Ints
    upper: Bools
    valence: Floats


def _compiled(function: F) -> F:
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def _inner(function: F) -> F:
    """Compile what only compiled functions call, without what Python would call it by."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", **_UNCALLED)(function))


@_inner
def _decode(data: Bytes, start: int, end: int, characters: Characters, out: Bytes) -> int:
    """Write a text with one byte a character, emoji as their words; give its length, at most that of `out`."""
    n, limit, previous_space, at = 0, len(out), True, start
    while at < end and n < limit:
        byte = data[at]
        if byte < 0x80:
            out[n] = byte
            n += 1
            previous_space = byte == 32
            at += 1
            continue
        if byte < 0xE0:
            code, size = byte & 0x1F, 2
        elif byte < 0xF0:
            code, size = byte & 0x0F, 3
        else:
            code, size = byte & 0x07, 4
        for more in range(at + 1, at + size):
            code = (code << 6) | (data[more] & 0x3F)
        at += size
        kind = characters.kinds[code] if code < len(characters.kinds) else UNCASED
        if kind != EMOJI:
            out[n] = 75 if kind == KELVIN else kind
            n += 1
            previous_space = False
            continue
        number = characters.emoji[code]
        first, last = characters.starts[number], characters.starts[number + 1]
        if n + 1 + last - first > limit:
            break
        if not previous_space:
            out[n] = 32
            n += 1
        for letter in range(first, last):
            out[n] = characters.letters[letter]
            n += 1
        previous_space = False
    return n


@_inner
def _look_up(
    text: Bytes, start: int, end: int, digest: Any, slots: Ints, starts: Ints, letters: Bytes
) -> int:
    """Give the number of the word in ``text[start:end]``; 0 if it is none of those known."""
    last_slot = np.uint64(len(slots) - 1)
    slot = np.uint64(digest) & last_slot
    while slots[slot]:
        word = slots[slot]
        first = starts[word]
        if starts[word + 1] - first == end - start:
            same = True
            for offset in range(end - start):
                byte = text[start + offset]
                if 65 <= byte <= 90:
                    byte += 32
                if byte != letters[first + offset]:
                    same = False
                    break
            if same:
                return int(word)
        slot = (slot + np.uint64(1)) & last_slot
    return 0


@_inner
def _split(
    text: Bytes,
    n: int,
    spaces: Bools,
    marks: Bools,
    words: Words,
    found: Ints,
    roles: Ints,
    upper: Bools,
) -> int:
    """Cut a text into words: number, roles and capitals of each; give how many there are."""
    slots, starts, letters, known_roles = words.slots, words.starts, words.letters, words.roles
    count, at = 0, 0
    while at < n:
        while at < n and spaces[text[at]]:
            at += 1
        if at == n:
            break
        start = at
        while at < n and not spaces[text[at]]:
            at += 1
        first, last = start, at
        while first < last and marks[text[first]]:
            first += 1
        while last > first and marks[text[last - 1]]:
            last -= 1
        if last - first <= 2:
            first, last = start, at
        digest, some_upper, some_lower, apostrophe = np.uint32(2166136261), False, False, False
        for place in range(first, last):
            byte = text[place]
            if 65 <= byte <= 90:
                some_upper = True
                byte += 32
            elif 97 <= byte <= 122 or byte == LOWER:
                some_lower = True
            elif byte == UPPER:
                some_upper = True
            elif byte == 39:
                apostrophe = True
            digest = np.uint32((digest ^ byte) * np.uint32(16777619))
        word = 0
        if last - first <= MAX_LETTERS:
            word = _look_up(text, first, last, digest, slots, starts, letters)
        role = known_roles[word]
        if apostrophe and _has_nt(text, first, last):
            role |= NEGATES
        found[count], roles[count] = word, role
        upper[count] = some_upper and not some_lower
        count += 1
    return count


@_inner
def _has_nt(text: Bytes, start: int, end: int) -> bool:
    for at in range(start, end - 2):
        if (text[at] | 32) == 110 and text[at + 1] == 39 and (text[at + 2] | 32) == 116:
            return True
    return False


@_inner
def _scalar_inc_dec(boost: float, is_upper: bool, valence: float, is_cap_diff: bool) -> float:
    scalar = boost
    if valence < 0:
        scalar *= -1
    if is_upper and is_cap_diff:
        if valence > 0:
            scalar += C_INCR
        else:
            scalar -= C_INCR
    return scalar


@_inner
def _negation_check(valence: float, roles: Ints, distance: int, i: int) -> float:
    if distance == 0:
        if roles[i - 1] & NEGATES:
            return valence * N_SCALAR
    elif distance == 1:
        if roles[i - 2] & NEVER and roles[i - 1] & SO_THIS:
            return valence * 1.25
        if roles[i - 2] & WITHOUT and roles[i - 1] & DOUBT:
            return valence
        if roles[i - 2] & NEGATES:
            return valence * N_SCALAR
    else:
        if (roles[i - 3] & NEVER and roles[i - 2] & SO_THIS) or roles[i - 1] & SO_THIS:
            return valence * 1.25
        if roles[i - 3] & WITHOUT and (roles[i - 2] & DOUBT or roles[i - 1] & DOUBT):
            return valence
        if roles[i - 3] & NEGATES:
            return valence * N_SCALAR
    return valence


@_inner
def _phrase_value(a: Any, b: Any, c: Any, words: Words) -> float:
    """Give the valence of a phrase of two words (c is 0) or three; NaN if it is none."""
    if a and b:
        for row in range(len(words.phrases)):
            if (
                words.phrases[row, 0] == a
                and words.phrases[row, 1] == b
                and words.phrases[row, 2] == c
            ):
                return float(words.phrase_values[row])
    return math.nan


@_inner
def _special_idioms_check(valence: float, found: Ints, count: int, i: int, words: Words) -> float:
    nothing = np.int32(0)
    three, two, one, zero = found[i - 3], found[i - 2], found[i - 1], found[i]
    value = _phrase_value(one, zero, nothing, words)
    if math.isnan(value) and zero:
        value = _phrase_value(two, one, zero, words)
    if math.isnan(value):
        value = _phrase_value(two, one, nothing, words)
    if math.isnan(value) and one:
        value = _phrase_value(three, two, one, words)
    if math.isnan(value):
        value = _phrase_value(three, two, nothing, words)
    if not math.isnan(value):
        valence = value
    if count - 1 > i:
        value = _phrase_value(zero, found[i + 1], nothing, words)
        if not math.isnan(value):
            valence = value
    if count - 1 > i + 1 and found[i + 2]:
        value = _phrase_value(zero, found[i + 1], found[i + 2], words)
        if not math.isnan(value):
            valence = value
    for row in range(len(words.pairs)):
        if words.pairs[row, 0] == three and words.pairs[row, 1] == two:
            valence += words.pair_values[row]
    for row in range(len(words.pairs)):
        if words.pairs[row, 0] == two and words.pairs[row, 1] == one:
            valence += words.pair_values[row]
    return valence


@_inner
def _sentiment_valence(
    found: Ints, roles: Ints, upper: Bools, count: int, i: int, is_cap_diff: bool, words: Words
) -> float:
    """Give the valence of word i, which is in the lexicon."""
    valence = float(words.valence[found[i]])
    if roles[i] & NO and i != count - 1 and roles[i + 1] & IN_LEXICON:
        valence = 0.0
    if (
        (i > 0 and roles[i - 1] & NO)
        or (i > 1 and roles[i - 2] & NO)
        or (i > 2 and roles[i - 3] & NO and roles[i - 1] & OR_NOR)
    ):
        valence = float(words.valence[found[i]]) * N_SCALAR
    if upper[i] and is_cap_diff:
        if valence > 0:
            valence += C_INCR
        else:
            valence -= C_INCR
    for distance in range(3):
        before = i - distance - 1
        if before < 0 or roles[before] & IN_LEXICON:
            continue
        if roles[before] & BOOSTS:
            scalar = _scalar_inc_dec(
                words.boost[found[before]], upper[before], valence, is_cap_diff
            )
            if distance == 1 and scalar != 0:
                scalar = scalar * 0.95
            if distance == 2 and scalar != 0:
                scalar = scalar * 0.9
            valence = valence + scalar
        valence = _negation_check(valence, roles, distance, i)
        if distance == 2 and (roles[i - 1] | roles[i - 2] | roles[i]) & IN_PHRASE:
            valence = _special_idioms_check(valence, found, count, i, words)
    return _least_check(valence, roles, i)


@_inner
def _least_check(valence: float, roles: Ints, i: int) -> float:
    if i > 0 and roles[i - 1] & LEAST and not roles[i - 1] & IN_LEXICON:
        if i > 1 and roles[i - 2] & AT_VERY:
            return valence
        return valence * N_SCALAR
    return valence


@_inner
def _but_check(sentiments: Floats, roles: Ints, count: int) -> None:
    """Halve what stands before the first "but" and raise what stands behind it.

    The original looks each value up by value, so the first equal one is changed, which need not be the one it
    is at; zeros stay zeros.
    """
    but = 0
    while but < count and not roles[but] & BUT:
        but += 1
    if but == count:
        return
    for place in range(count):
        value = sentiments[place]
        if value == 0:
            continue
        first = 0
        while sentiments[first] != value:
            first += 1
        if first < but:
            sentiments[first] = value * 0.5
        elif first > but:
            sentiments[first] = value * 1.5


@_compiled
def _add_up(sentiments: Floats, count: int, compensated: bool) -> float:
    """Add as Python's sum does: from 3.12 on with what rounding loses put back in the end (Neumaier)."""
    total, lost = 0.0, 0.0
    for place in range(count):
        value = sentiments[place]
        if compensated:
            fresh = total + value
            if abs(total) >= abs(value):
                lost += (total - fresh) + value
            else:
                lost += (value - fresh) + total
            total = fresh
        else:
            total += value
    return total + lost if lost != 0 and math.isfinite(lost) else total


@_inner
def _emphasis(text: Bytes, n: int) -> float:
    exclamations, questions = 0, 0
    for at in range(n):
        exclamations += text[at] == 33
        questions += text[at] == 63
    questions_add = 0.0
    if questions > 1:
        questions_add = questions * 0.18 if questions <= 3 else 0.96
    if exclamations > 4:
        exclamations = 4
    return exclamations * 0.292 + questions_add


@_inner
def _score_valence(
    sentiments: Floats, count: int, emphasis: float, compensated: bool, out: Floats
) -> None:
    """Write neg, neu, pos and compound, not yet rounded."""
    if count == 0:
        out[:] = 0.0
        return
    total = _add_up(sentiments, count, compensated)
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    compound = total / math.sqrt((total * total) + ALPHA)
    positive, negative, neutral = 0.0, 0.0, 0
    for place in range(count):
        value = sentiments[place]
        if value > 0:
            positive += value + 1
        if value < 0:
            negative += value - 1
        if value == 0:
            neutral += 1
    if positive > abs(negative):
        positive += emphasis
    elif positive < abs(negative):
        negative -= emphasis
    whole = positive + abs(negative) + neutral
    out[0], out[1], out[2] = abs(negative / whole), abs(neutral / whole), abs(positive / whole)
    # Never beyond 1 or -1, whatever rounding does to the root.
    out[3] = 1.0 if compound > 1 else -1.0 if compound < -1 else compound


@_inner
def _round(value: float, scale: float) -> float:
    """Round as Python does, to the nearest decimal; NaN where two are so near that this cannot tell."""
    scaled = value * scale
    whole = math.floor(scaled)
    if abs(scaled - whole - 0.5) < 1e-6:
        return math.nan
    # As in Python, what is hardly below zero is -0.0.
    return math.copysign((whole if scaled - whole < 0.5 else whole + 1) / scale, value)


@_compiled
def score_texts(
    data: Bytes,
    offsets: npt.NDArray[np.int64],
    valid: Bools,
    characters: Characters,
    words: Words,
    compensated: bool,
    room: Room,
    exact: Floats,
    rounded: Floats,
) -> None:
    """Score texts.

    Parameters
    ----------
    data, offsets
        Text n is the UTF-8 in ``data[offsets[n]:offsets[n + 1]]``.
    valid
        Whether text n is there.
    compensated
        Whether sums are those of Python 3.12 and later.
    room
        What one text is worked on in.
    exact, rounded
        Filled with neg, neu, pos and compound, shape (n_texts, 4); NaN for a missing or empty text, and in
        `rounded` also where rounding has to be done in decimals.
    """
    text, found, roles, upper, sentiments = room
    for row in range(len(valid)):
        if not valid[row] or offsets[row] == offsets[row + 1]:
            exact[row, :] = math.nan
            rounded[row, :] = math.nan
            continue
        n = _decode(data, offsets[row], offsets[row + 1], characters, text)
        count = _split(text, n, characters.spaces, characters.marks, words, found, roles, upper)
        capitals = 0
        for i in range(count):
            capitals += upper[i]
        is_cap_diff = 0 < capitals < count
        for i in range(count):
            sentiments[i] = 0.0
            role = roles[i]
            if not role & IN_LEXICON or role & BOOSTS:
                continue
            if role & KIND and i < count - 1 and roles[i + 1] & OF:
                continue
            sentiments[i] = _sentiment_valence(found, roles, upper, count, i, is_cap_diff, words)
        _but_check(sentiments, roles, count)
        _score_valence(sentiments, count, _emphasis(text, n), compensated, exact[row])
        for column in range(3):
            rounded[row, column] = _round(exact[row, column], 1000.0)
        rounded[row, 3] = _round(exact[row, 3], 10000.0)
