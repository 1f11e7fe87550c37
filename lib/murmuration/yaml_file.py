"""YAML that people write: read with the line of every value, and complaints that name it.

Each complaint names the file, the line and the key, what was found, what is allowed and the nearest match.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from murmuration.errors import MurmurationError, suggest

Place = tuple[str | int, ...]  # keys that lead to a value
AllowedKeys = Callable[[Place], list[str]]
Entry = TypeVar("Entry", bound=BaseModel)

# Ten times as fast where PyYAML was built with libyaml, which its wheels are.
_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path, error: type[MurmurationError]) -> tuple[Any, dict[Place, int]]:
    """Read a file and note where everything stands.

    Parameters
    ----------
    path
        A YAML file in UTF-8.
    error
        Raised, with one sentence, where the file is none.

    Returns
    -------
    tuple
        What the file says, and the line from 1 of every key and list item in it.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        try:
            return _parse(text, path, error, _FastLoader)
        except (yaml.YAMLError, RecursionError):
            return _parse(text, path, error, yaml.SafeLoader)  # says better what is wrong
    except error:
        raise
    except OSError as err:
        raise error(f"{path} cannot be read: {err.strerror or err}.") from err
    except UnicodeDecodeError as err:
        line = err.object[: err.start].count(b"\n") + 1
        raise error(f"{path} is no UTF-8 text in line {line}. Save the file as UTF-8.") from err
    except yaml.YAMLError as err:
        raise error(f"{path} is no valid YAML: {_yaml_problem(err)}.") from err
    except RecursionError as err:
        raise error(f"{path} is no valid YAML: it is nested too deeply.") from err
    except ValueError as err:  # such as 2015-13-45, which YAML takes for a day
        raise error(
            f"{path} is no valid YAML: {err}. Put a text that looks like a day or a number in quotes."
        ) from err


def _parse(
    text: str, path: Path, error: type[MurmurationError], kind: Any
) -> tuple[Any, dict[Place, int]]:
    loader = kind(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        lines = _lines(node, path, error)  # first, as constructing resolves merge keys in place
        return loader.construct_document(node), lines
    finally:
        loader.dispose()


def _lines(node: yaml.Node, path: Path, error: type[MurmurationError]) -> dict[Place, int]:
    """Line, from 1, of every key; a key written twice is an error, which YAML itself lets pass."""
    found: dict[Place, int] = {}
    todo: list[tuple[Place, yaml.Node]] = [((), node)]
    seen: set[int] = set()  # an alias leads to a node again, and may lead to itself
    while todo:
        place, current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, yaml.MappingNode):
            for key, value in current.value:
                inner = (*place, _key(key))
                if inner in found:
                    raise error(
                        f"{path}, line {key.start_mark.line + 1}: {dotted(inner)} was already "
                        f"given in line {found[inner]}. Keep one of the two."
                    )
                found[inner] = key.start_mark.line + 1
                todo.append((inner, value))
        elif isinstance(current, yaml.SequenceNode):
            for number, value in enumerate(current.value):
                found[(*place, number)] = value.start_mark.line + 1
                todo.append(((*place, number), value))
    return found


def _key(node: yaml.Node) -> str | int:
    """A key as YAML reads it: `2015` is a number and `no` is false."""
    if node.tag == "tag:yaml.org,2002:str":
        return str(node.value)
    if node.tag == "tag:yaml.org,2002:merge":
        return "<<"
    name = yaml.SafeLoader("").construct_object(node, deep=True)
    return name if isinstance(name, str | int) else str(name)


def _yaml_problem(err: yaml.YAMLError) -> str:
    if not isinstance(err, yaml.MarkedYAMLError) or err.problem_mark is None:
        return str(err).splitlines()[0]
    problem = err.problem or "it cannot be read"
    if problem.startswith("but "):  # the second half of a sentence
        problem = f"{err.context} {problem}"
    return f"line {err.problem_mark.line + 1}, {problem}"


def dotted(place: Place) -> str:
    """Give a place as people write it: `brands.one.terms`."""
    # What YAML took for true or false is not what was written.
    return ".".join(str(part) for part in place if not isinstance(part, bool))


def kind_of(value: object) -> str:
    """Say what kind of value was found."""
    names = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    return "nothing" if value is None else names.get(type(value), f"{value!r}")


def validate(
    model: type[Entry],
    content: Any,
    *,
    where: tuple[Path, Mapping[Place, int]],
    error: type[MurmurationError],
    allowed: AllowedKeys,
    secret: Collection[str] = (),
) -> Entry:
    """Turn what a file says into a checked entry.

    Parameters
    ----------
    model
        The pydantic model of the whole file.
    content
        What the file says.
    where
        The file, and the line of everything in it.
    error
        Raised with one sentence for each mistake, the first ten of them.
    allowed
        Gives the keys that may stand at a place, for the near match.
    secret
        Keys below which nothing that was found is repeated.

    Returns
    -------
    Entry
        The entry.
    """
    try:
        return model.model_validate(content)
    except ValidationError as err:
        problems = err.errors()  # values are shown by `_say` alone, which knows what is secret
        found = [
            (_plain(one), _say(one, allowed, secret))
            for one in problems
            if not _follows(one, problems)
        ]
        raise error(explain(found, *where)) from err


def explain(found: list[tuple[Place, str]], path: Path, lines: Mapping[Place, int]) -> str:
    """Give findings as sentences with file, line and key, the first ten of them."""
    sentences = []
    for place, said in found[:10]:
        known = place
        while known and known not in lines:
            known = known[:-1]
        line = f", line {lines[known]}" if known in lines else ""
        key = f" {dotted(place)}:" if dotted(place) else ""
        sentences.append(f"{path}{line}:{key} {said}")
    return "\n".join(sentences)


def _say(problem: Any, allowed: AllowedKeys, secret: Collection[str]) -> str:
    kind, found, place = problem["type"], problem["input"], problem["loc"]
    if kind == "extra_forbidden":
        return f"unknown key.{suggest(str(place[-1]), allowed(place))}"
    if kind == "value_error":
        text = str(problem["ctx"]["error"])
        return text if text.endswith((".", "?")) else f"{text}."
    if kind == "missing":
        return "is missing."
    if _is_key(problem) and isinstance(found, bool):
        words = "on, yes and true" if found else "off, no and false"
        # The one key that people call `on` instead.
        cure = "Write `when` instead" if "when" in allowed(place) else "Put it in quotes"
        return f"YAML reads {words} as the value {str(found).lower()}, which is no name. {cure}."
    if _is_key(problem):
        return f"a name must be text, but YAML reads this one as {found!r}. Put it in quotes."
    if kind in ("model_type", "dict_type") or not set(secret).isdisjoint(place):
        # What stands there is not repeated: it may be a secret.
        wanted = "text" if kind == "string_type" else "a mapping, `key: value`,"
        return f"found {kind_of(found)}, but {wanted} must stand here."
    if kind == "literal_error" and isinstance(found, str):
        choices = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
        return (
            f"found {found!r}, but it must be one of {', '.join(choices)}.{_near(found, choices)}"
        )
    if kind == "too_short":
        return "is empty, but at least one must stand here."
    if kind == "string_type" and not isinstance(found, dict | list | None):
        return f"YAML reads what stands here as {found!r}, which is no text. Put it in quotes."
    shown = kind_of(found) if isinstance(found, dict | list | None) else repr(found)
    if kind in ("list_type", "tuple_type"):
        such = f", such as [{found}]" if isinstance(found, str) else ""
        return f"found {shown}, but a list must stand here{such}."
    return f"found {shown}, but {_lower_first(problem['msg'])}."


def _near(name: str, choices: list[str]) -> str:
    said = suggest(name, choices)
    return said if "Did you mean" in said else ""


def _is_key(problem: Any) -> bool:
    place = problem["loc"]
    return problem["type"] == "invalid_key" or bool(place and place[-1] == "[key]")


def _follows(problem: Any, others: Sequence[Any]) -> bool:
    """Whether a list is too short only because of what is wrong in it."""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(one["loc"]) > len(place) and one["loc"][: len(place)] == place for one in others
    )


def _plain(problem: Any) -> Place:
    place = tuple(part for part in problem["loc"] if part != "[key]")
    if _is_key(problem) and isinstance(problem["input"], bool):
        return (*place[:-1], problem["input"])  # as it stands among the lines
    return place


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
