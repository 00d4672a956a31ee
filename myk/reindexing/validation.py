"""CKAN's validation of a record by a schema that is prepared once.

The rules are those of ``ckan.lib.navl.dictization_functions`` (``validate``, ``_validate``,
``augment_data``, ``make_full_schema``, ``unflatten``): they go through schema and record several
times, build the same keys again and sort them with a function. Half the time of CKAN's indexing is
spent there, mostly on fields that a record does not have.

Errors are not returned: indexing throws them away
(``ckan.logic.package_show_default_and_custom_schemas``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl.validators import ignore_missing, not_empty, unicode_safe
from ckan.logic.converters import convert_from_extras
from ckan.logic.validators import duplicate_extras_key, package_name_validator

Key = tuple[Any, ...]
Flat = dict[Key, Any]
Step = tuple[Callable[..., Any], int]

#: They only say what is wrong, and nothing can be: names are unique in the database, and extras
#: are the keys of one JSON object. CKAN asks the database for the one and sorts for the other.
_ONLY_JUDGE = (duplicate_extras_key, package_name_validator)

#: Positions up to here keep their keys between records.
_KEPT_POSITIONS = 50


@dataclass
class _Level:
    """The schema of one dictionary: the record, or one item of a list in it, at its place."""

    place: Key
    schema: dict[str, Any]
    #: All fields of this level.
    names: frozenset[str] = frozenset()
    #: Their keys.
    keys: list[Key] = field(default_factory=list)
    #: Those that are marked as missing where the record has none.
    expected: list[Key] = field(default_factory=list)
    #: What is done, in CKAN's order.
    before: list[tuple[Key, list[Step]]] = field(default_factory=list)
    main: list[tuple[Key, list[Step]]] = field(default_factory=list)
    extras: list[tuple[Key, list[Step]]] = field(default_factory=list)
    after: list[tuple[Key, list[Step]]] = field(default_factory=list)
    junk: list[tuple[Key, list[Step]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in sorted(name for name, value in self.schema.items() if isinstance(value, list)):
            key = (*self.place, name)
            steps = [_step(each) for each in self.schema[name] if each not in _ONLY_JUDGE]
            work = (key, steps)
            self.keys.append(key)
            if not name.startswith("__"):
                self.expected.append(key)
                self.main.append(work)
            elif name == "__before":
                self.before.append(work)
            elif name == "__extras":
                self.extras.append(work)
            elif name == "__after":
                self.after.append(work)
            elif name == "__junk" and not self.place:
                self.junk.append(work)
        self.names = frozenset(key[-1] for key in self.keys)


def _step(function: Callable[..., Any]) -> Step:
    # Called as CKAN does (``convert``): by the number of arguments; what it cannot call fails
    # there too.
    return function, function.__code__.co_argcount


class Prepared:
    """A schema that records are validated by."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """Prepare ``schema``; it must not be changed any more."""
        self.schema = schema
        self._top = _Level((), schema)
        self._levels: dict[Key, _Level] = {}
        flat = navl.flatten_schema(schema)
        #: Lists of dictionaries that the schema knows, by the names on the way to them.
        self._lists = frozenset(key[:-1] for key in flat)
        self._starts = frozenset(key[:end] for key in flat for end in range(1, len(key) + 1))

    def validated(self, data: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Return what ``navl.validate`` makes of ``data``."""
        empty_lists = [name for name, value in data.items() if value == []]
        flat = flatten(data, self.schema)
        levels = self._levels_of(flat)
        self._arrange(flat, levels)
        run = _Run(flat, {key: [] for level in levels for key in level.keys})
        run.context = {**context, "schema_keys": list(self.schema)}
        for level in levels:
            run.do(level.before)
        for level in levels:
            run.do(level.main)
        for level in levels:
            run.do(level.extras)
        for level in reversed(levels):
            run.do(level.after)
        run.do(self._top.junk)
        out = unflatten(flat)
        for name in empty_lists:
            out.setdefault(name, [])
        return out

    def _levels_of(self, flat: Flat) -> list[_Level]:
        """Return the level of each dictionary in the record that the schema knows, in order.

        CKAN: ``get_all_key_combinations``.
        """
        places = {key[:-1] for key in flat if len(key) > 1}
        levels = {(): self._top}
        for place in sorted(places, key=navl.flattened_order_key):
            if place[::2] in self._lists and place[:-2] in levels:
                levels[place] = self._level(place)
        return list(levels.values())

    def _level(self, place: Key) -> _Level:
        level = self._levels.get(place)
        if level is None:
            schema = self.schema
            for name in place[::2]:
                schema = schema[name]
            level = _Level(place, schema)
            if place[-1] < _KEPT_POSITIONS:
                self._levels[place] = level
        return level

    def _arrange(self, flat: Flat, levels: list[_Level]) -> None:
        """Put aside what the schema does not know, and mark what is missing.

        CKAN: ``augment_data``.
        """
        names = {level.place: level.names for level in levels}
        unknown = [
            key for key in flat if (known := names.get(key[:-1])) is None or key[-1] not in known
        ]
        junk: Flat = {}
        extras: dict[Key, dict[str, Any]] = {}
        for key in unknown:
            value = flat[key]
            if key[::2] in self._starts and value != []:
                raise navl.DataError(f"only lists of dicts can be placed against {key}")
            if key[:-1] in names:
                extras.setdefault((*key[:-1], "__extras"), {})[key[-1]] = value
            else:
                junk[key] = value
        if junk:
            flat[("__junk",)] = junk
        flat.update(extras)
        for key in unknown:
            del flat[key]
        for level in levels:
            for key in level.expected:
                if key not in flat:
                    flat[key] = navl.missing


class _Run:
    """One validation: values and errors by key, as the validators take them."""

    def __init__(self, data: Flat, errors: dict[Key, list[Any]]) -> None:
        self.data = data
        self.errors = errors
        self.context: dict[str, Any] = {}
        self._extras: dict[str, tuple[Any, list[Key]]] | None = None

    def do(self, work: Iterable[tuple[Key, list[Step]]]) -> None:
        """Let the validators of each key work until one stops the others.

        Those that most fields begin with are done here in place of being called.
        """
        data = self.data
        for key, steps in work:
            try:
                for function, arguments in steps:
                    if function is ignore_missing:
                        value = data.get(key)
                        if value is navl.missing or value is None:
                            data.pop(key, None)
                            break
                    elif function is unicode_safe and type(data.get(key)) is str:
                        continue
                    elif function is not_empty:
                        value = data.get(key)
                        if not value and value not in (False, 0):
                            self.errors[key].append("Missing value")
                            break
                    elif function is convert_from_extras:
                        self._convert_from_extras(key)
                    else:
                        self._call(function, arguments, key)
            except navl.StopOnError:
                continue

    def _call(self, function: Callable[..., Any], arguments: int, key: Key) -> None:
        data = self.data
        try:
            if arguments == 1:
                data[key] = function(data.get(key))
            elif arguments == 2:
                data[key] = function(data.get(key), self.context)
            elif arguments == 4:
                # It may change anything.
                self._extras = None
                function(key, data, self.errors, self.context)
            else:
                raise TypeError(f"{function} takes {arguments} arguments")
        except navl.Invalid as invalid:
            self.errors[key].append(invalid.error)

    def _convert_from_extras(self, key: Key) -> None:
        """Take a field's value out of the extras.

        CKAN's converter looks through the whole record, for each field.
        """
        if self._extras is None:
            self._extras = self._find_extras()
        found = self._extras.pop(key[-1], None)
        if found is not None:
            number, keys = found
            self.data[key] = self.data["extras", number, "value"]
            for gone in keys:
                del self.data[gone]

    def _find_extras(self) -> dict[str, tuple[Any, list[Key]]]:
        numbers: dict[str, Any] = {}
        keys: dict[Any, list[Key]] = {}
        for key, value in self.data.items():
            if key[0] == "extras" and len(key) > 1:
                keys.setdefault(key[1], []).append(key)
                if key[-1] == "key" and isinstance(value, str):
                    numbers.setdefault(value, key[1])
        return {name: (number, keys[number]) for name, number in numbers.items()}


def flatten(data: dict[str, Any], schema: Any) -> Flat:
    """Return the values of a record by the names and positions on the way to them.

    CKAN: ``flatten_dict``.
    """
    return dict(_flat(data, schema, ()))


def _flat(data: dict[str, Any], schema: Any, place: Key) -> Iterator[tuple[Key, Any]]:
    for name, value in data.items():
        if (
            isinstance(value, list)
            and value
            and isinstance(value[0], dict)
            and (not schema or isinstance(schema.get(name), dict))
        ):
            inner = schema.get(name) if schema else None
            for number, item in enumerate(value):
                if not isinstance(item, dict):
                    raise navl.DataError("Values in lists need to be dicts")
                yield from _flat(item, inner, (*place, name, number))
        else:
            yield (*place, name), value


def unflatten(flat: Flat) -> dict[str, Any]:
    """Return a record made of its values again; its names are in alphabetical order.

    CKAN: ``unflatten``.
    """
    by_depth: dict[int, list[Key]] = {}
    for key in flat:
        by_depth.setdefault(len(key), []).append(key)
    out: dict[str, Any] = {}
    lists: dict[int, list[Any]] = {}
    for depth in sorted(by_depth):
        place: Key = ()
        into: Any = out
        for key in sorted(by_depth[depth]):
            if key[:-1] != place:
                place = key[:-1]
                into = _descend(out, place, lists)
            into[key[-1]] = flat[key]
    for items in lists.values():
        items[:] = [item for item in items if item]
    return out


def _descend(out: dict[str, Any], place: Key, lists: dict[int, list[Any]]) -> Any:
    """Return the dictionary at ``place``; positions that were skipped are noted, to be removed."""
    into: Any = out
    for step in place:
        try:
            into = into[step]
        except IndexError:
            while len(into) <= step:
                into.append({})
                if len(into) <= step:
                    lists[id(into)] = into
            into = into[step]
        except KeyError:
            into[step] = []
            into = into[step]
    return into
