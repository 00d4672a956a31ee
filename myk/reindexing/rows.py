"""The rows of many records, read together.

CKAN reads the parts of one record with eight queries, and counts the members of each of its groups
with one more (``ckan.lib.dictization.model_dictize.package_dictize``). Here a batch needs as many
for all its records, and its groups and publishers are made into dictionaries once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import ckan.lib.dictization as dictization
from ckan import model
from ckan.lib.dictization import model_dictize
from ckan.lib.helpers import helper_functions
from sqlalchemy import false, null, select

#: CKAN's own, also while :meth:`Rows.dictize` stands in its place.
_package_dictize = model_dictize.package_dictize

#: With these a context asks for more, or for something else, than indexing does.
_OTHERWISE = frozenset({"active", "for_edit", "for_view", "limits"})


class Rows:
    """What the database has about the records of one batch."""

    def __init__(self, ids: Sequence[str]) -> None:
        """Read everything."""
        #: Held here, they are found in the session in place of being read again
        #: (``Package.get``: the action, the permission labels).
        self.packages = {
            package.id: package
            for package in model.Session.query(model.Package).filter(model.Package.id.in_(ids))
        }
        self._organizations = _organizations(
            {package.owner_org for package in self.packages.values() if package.owner_org}
        )
        #: Keys are (record, what CKAN sorts by).
        resources, tags, groups = _resources(ids), _tags(ids), _groups(ids)
        subjects = _relationships("subject_package_id", ids)
        objects = _relationships("object_package_id", ids)
        # CKAN asks without an order: what is equal to it comes as the database likes, and only its
        # own query says how. So do records that have such parts.
        self._here = set(self.packages)
        for pairs in (resources, tags, groups, subjects, objects):
            often = Counter((record, key) for record, key, _ in pairs)
            self._here -= {record for (record, _), number in often.items() if number > 1}
        self._resources, self._tags, self._groups = map(_by_record, (resources, tags, groups))
        self._subjects, self._objects = _by_record(subjects), _by_record(objects)

    def dictize(
        self, pkg: Any, context: dict[str, Any], include_plugin_data: bool = False
    ) -> dict[str, Any]:
        """Return a record as CKAN's ``package_dictize`` does, in whose place it stands.

        Each record once: an extension that asks again gets what is in the database then.
        """
        if (
            pkg is None
            or pkg.id not in self._here
            or include_plugin_data
            or not _OTHERWISE.isdisjoint(context)
        ):
            made: dict[str, Any] = _package_dictize(pkg, context, include_plugin_data)
            return made
        self._here.remove(pkg.id)
        out: dict[str, Any] = dictization.table_dictize(pkg, context)
        if out.get("title"):
            out["title"] = out["title"].strip()
        del out["plugin_data"]
        out["resources"] = model_dictize.resource_list_dictize(
            self._resources.get(pkg.id, []), context
        )
        out["num_resources"] = len(out["resources"])
        out["tags"] = [{**tag, "display_name": tag["name"]} for tag in self._tags.get(pkg.id, [])]
        out["num_tags"] = len(out["tags"])
        out["extras"] = [
            {"key": name, "value": value} for name, value in (out["extras"] or {}).items()
        ]
        context["with_capacity"] = False
        out["groups"] = [dict(group) for group in self._groups.get(pkg.id, [])]
        organization = self._organizations.get(pkg.owner_org)
        out["organization"] = dict(organization) if organization else None
        out["relationships_as_subject"] = dictization.obj_list_dictize(
            self._subjects.get(pkg.id, []), context
        )
        out["relationships_as_object"] = dictization.obj_list_dictize(
            self._objects.get(pkg.id, []), context
        )
        licence = pkg.license
        out["isopen"] = bool(licence and licence.isopen())
        out["type"] = pkg.type or "dataset"
        if licence and licence.url:
            out["license_url"] = licence.url
            out["license_title"] = licence.title.split("::")[-1]
        else:
            out["license_title"] = licence.title if licence else pkg.license_id
        out["metadata_modified"] = pkg.metadata_modified.isoformat()
        out["metadata_created"] = pkg.metadata_created.isoformat() if pkg.metadata_created else None
        return out


#: A part of a record: the record's id, what CKAN sorts the parts of this kind by, and the part.
_Part = tuple[str, Any, Any]


def _by_record(parts: Iterable[_Part]) -> dict[str, list[Any]]:
    out: dict[str, list[Any]] = {}
    for record, _, part in parts:
        out.setdefault(record, []).append(part)
    return out


def _order(part: _Part) -> Any:
    return part[1]


def _resources(ids: Sequence[str]) -> list[_Part]:
    # Those that were deleted are left out by ``resource_list_dictize``, which sorts the others.
    table = model.resource_table
    query = select(table).where(table.c.package_id.in_(ids))
    return [
        (row.package_id, row.position if row.state == "active" else row.id, row)
        for row in model.Session.execute(query)
    ]


def _relationships(side: str, ids: Sequence[str]) -> list[_Part]:
    # CKAN sorts them by what has no order (``legacy_dict_sort``): all are equal.
    table = model.package_relationship_table
    query = select(table).where(table.c[side].in_(ids))
    return [(getattr(row, side), 0, row) for row in model.Session.execute(query)]


def _tags(ids: Sequence[str]) -> list[_Part]:
    tag, link = model.tag_table, model.package_tag_table
    query = (
        select(tag, link.c.state, link.c.package_id)
        .join(link, tag.c.id == link.c.tag_id)
        .where(link.c.package_id.in_(ids), link.c.state == "active")
    )
    made = [dictization.table_dictize(row, {}) for row in model.Session.execute(query)]
    return sorted(((tag.pop("package_id"), tag["name"], tag) for tag in made), key=_order)


def _groups(ids: Sequence[str]) -> list[_Part]:
    member, group = model.member_table, model.group_table
    members = model.Session.execute(
        select(member.c.table_id, member.c.group_id, member.c.capacity)
        .join(group, group.c.id == member.c.group_id)
        .where(
            member.c.table_id.in_(ids),
            member.c.state == "active",
            group.c.is_organization == false(),
        )
    ).all()
    # The capacity is a column of CKAN's query, and so a field of its dictionaries, at this place.
    groups = model.Session.execute(
        select(group, null().label("capacity")).where(
            group.c.id.in_({row.group_id for row in members})
        )
    )
    made = {row.id: _group(row) for row in groups}
    order = {key: helper_functions.strxfrm(each["display_name"]) for key, each in made.items()}
    parts = [
        (row.table_id, order[row.group_id], {**made[row.group_id], "capacity": row.capacity})
        for row in members
    ]
    return sorted(parts, key=_order)


def _group(row: Any) -> dict[str, Any]:
    # As ``group_list_dictize`` does for ``package_dictize``.
    made: dict[str, Any] = model_dictize.group_dictize(
        row,
        {"with_capacity": False},
        include_groups=False,
        include_users=False,
        include_extras=False,
        include_member_count=True,
        packages_field=None,
    )
    return made


def _organizations(ids: set[str]) -> dict[str | None, dict[str, Any]]:
    group = model.group_table
    query = select(group).where(group.c.id.in_(ids), group.c.state == "active")
    out: dict[str | None, dict[str, Any]] = {}
    for row in model.Session.execute(query):
        out[row.id] = dictization.table_dictize(row, {})
        del out[row.id]["extras"]
    return out
