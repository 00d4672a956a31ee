"""Records into CKAN: created, updated, left alone, marked as gone, or withdrawn."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from ckanapi import errors
from werkzeug.datastructures import FileStorage

from harvesters import fingerprint
from harvesters.errors import PortalError
from harvesters.identity import content_hash, package_id, resource_id, short_hash
from harvesters.model import Outcome, Record, RecordRef, RecordResult
from harvesters.portal import Known, Portal, explain
from harvesters.text import NAME_LENGTH
from harvesters.twins import Twins, reference, with_reference


class Writer:
    """Writes the records of one source.

    ``dry_run`` says what would become of a record, and writes nothing.
    """

    def __init__(self, portal: Portal, source: str, twins: Twins, *, dry_run: bool = False) -> None:
        self._portal = portal
        self._source = source
        self._twins = twins
        self._dry_run = dry_run
        self._groups: set[str] | None = None
        self._taken: set[str] | None = None  # names, as far as known
        self.known: dict[str, Known] = {}

    def prepare(self) -> None:
        """Ask the portal what it has of this source, and which groups there are."""
        self.known = self._portal.known(self._source)
        self._groups = self._portal.patiently(self._portal.existing_groups)

    def unchanged(self, ref: RecordRef) -> RecordResult | None:
        """The result for a record that need not be read, as its source says what it said."""
        known = self.known.get(ref.identity)
        if (
            known is None
            or not known.certain
            or known.gone_since
            or not ref.fingerprint
            or known.fingerprint != self._fingerprint(ref.fingerprint)
        ):
            return None
        return RecordResult(ref.identity, Outcome.UNCHANGED, known.title, known.name)

    # -- many new records ------------------------------------------------------------------------

    def is_for_many(self, record: Record) -> bool:
        """Whether ``record`` can be created together with others: new, and without files."""
        return (
            self._portal.takes_many
            and not self._dry_run
            and not record.files
            and record.identity not in self.known
        )

    def write_together(self, records: Sequence[Record]) -> dict[str, RecordResult]:
        """Create in one go those of ``records`` that no other source has; results by identity.

        All of them are there afterwards, or none. Raises whatever is in the way: one by one it
        will be told which record that is.
        """
        elsewhere = self._twins.addresses(records)
        chosen = [record for record in records if record.uri not in elsewhere]
        if not chosen:
            return {}
        if self._taken is None:
            self._taken = self._portal.names()
        packages = [self._new(record) for record in chosen]
        self._name(chosen, packages)
        self._portal.create_together(packages)
        self._taken |= {package["name"] for package in packages}
        return {
            record.identity: self._result(record, Outcome.ADDED, package["name"])
            for record, package in zip(chosen, packages, strict=True)
        }

    def _new(self, record: Record) -> dict[str, Any]:
        """What ``package_create`` takes."""
        self._drop_unknown_groups(record)
        package = self._package(record, content_hash(record))
        package["owner_org"] = self._portal.ensure_organisation(record.organisation)
        package["id"] = package_id(self._source, record.identity)
        self._number(package, record, package["id"])
        return package

    def _name(self, records: Sequence[Record], packages: list[dict[str, Any]]) -> None:
        """Give each package a name that is free, as far as can be seen."""
        used = set(self._taken or ())
        for record, package in zip(records, packages, strict=True):
            names = list(self._names(record))
            package["name"] = next((name for name in names if name not in used), names[-1])
            used.add(package["name"])

    # -- one record ------------------------------------------------------------------------------

    def write(self, record: Record) -> RecordResult:
        """Bring one record into CKAN. Raises PortalUnavailableError if it may work later, and
        PortalError if CKAN refuses it."""
        self._drop_unknown_groups(record)
        digest = content_hash(record)
        known = self.known.get(record.identity)
        if known and known.certain and known.hash == digest and not known.gone_since:
            return self._result(record, Outcome.UNCHANGED, known.name)
        try:
            twin = None if known else self._twins.of(record)
            if twin is not None and self._twins.is_nearer_than_us(twin):
                return self._refer(record, twin)
            if twin is not None:
                return self._update(record, digest, twin)
            return self._write(record, digest, known)
        except errors.ValidationError as error:
            raise PortalError(explain(error)) from error
        except errors.NotAuthorized as error:
            raise PortalError(f"not allowed: {explain(error)}") from error

    def _write(self, record: Record, digest: str, known: Known | None) -> RecordResult:
        wanted = package_id(self._source, record.identity)
        # The database, not the index, says what is there: the index may be behind.
        current = self._portal.show(known.id if known else wanted)
        if current is None:
            return self._create(record, digest, wanted)
        return self._update(record, digest, current)

    def _create(self, record: Record, digest: str, wanted: str) -> RecordResult:
        if self._dry_run:
            return self._result(record, Outcome.ADDED, record.slug)
        package = self._package(record, digest if not record.files else "")
        package["owner_org"] = self._portal.ensure_organisation(record.organisation)
        package["id"] = wanted
        self._number(package, record, wanted)
        for name in self._names(record):
            package["name"] = name
            try:
                made = self._portal.call("package_create", package)
                break
            except errors.ValidationError as error:
                if "id" in error.error_dict and "id" in package:
                    ours = self._portal.show(wanted)
                    if ours is not None:  # made by another run in between
                        return self._update(record, digest, ours)
                    # Only administrators may choose ids. Then CKAN does, and the name must do.
                    del package["id"]
                    try:
                        made = self._portal.call("package_create", package)
                        break
                    except errors.ValidationError as second:
                        error = second
                if "name" not in error.error_dict:
                    raise error from None
                holder = self._portal.show(name)
                if holder is not None and self._is_ours(holder, record):
                    return self._update(record, digest, holder)
        else:
            raise PortalError(f"no free name for it: {record.slug} is taken")
        self._upload(record, made, digest)
        return self._result(record, Outcome.ADDED, made["name"])

    def _update(self, record: Record, digest: str, current: dict[str, Any]) -> RecordResult:
        deleted = current.get("state") == "deleted"
        # What the harvester itself took out comes back with its source.
        if deleted and not (current.get("harvest_withdrawn") and self._is_ours(current, record)):
            return self._result(
                record, Outcome.SKIPPED, current["name"], "it was deleted in the portal"
            )
        same = current.get("harvest_hash") == digest and self._is_ours(current, record)
        if same and not deleted and not current.get("harvest_gone_since"):
            return self._result(record, Outcome.UNCHANGED, current["name"])
        if self._dry_run:
            return self._result(record, Outcome.CHANGED, current["name"])
        package = self._package(record, digest if not record.files else "")
        package |= {
            "id": current["id"],
            "name": current["name"],
            # Staff may have hidden the record; its source does not publish it again.
            "private": current.get("private", False),
            "state": "active" if deleted else current.get("state", "active"),
            "owner_org": self._portal.ensure_organisation(record.organisation),
            "harvest_gone_since": "",
            "harvest_withdrawn": "",
        }
        owner = str(current.get("harvest_source") or "")
        if owner and owner != self._source:  # taken over from a source that is farther away
            theirs = reference(owner, str(current.get("harvest_source_url") or ""))
            package["harvest_also"] = with_reference(current, theirs, self._source)
        self._number(package, record, current["id"], current.get("resources") or [])
        written = self._portal.call("package_update", package)
        self._upload(record, written, digest, current.get("resources") or [])
        return self._result(record, Outcome.CHANGED, current["name"])

    def _refer(self, record: Record, twin: dict[str, Any]) -> RecordResult:
        """Leave a record to the nearer source, and note in it that this one has it too."""
        owner = twin["harvest_source"]
        also = with_reference(twin, reference(self._source, record.uri))
        if also != (twin.get("harvest_also") or []) and not self._dry_run:
            self._portal.call("package_patch", {"id": twin["id"], "harvest_also": also})
        reason = f"the portal has it from {owner}, which is nearer"
        return self._result(record, Outcome.SKIPPED, twin["name"], reason)

    def gone(self, known: Known) -> RecordResult:
        """Mark a record that its source no longer has; withdraw it if it was marked before."""
        if known.gone_since:
            result = RecordResult(known.identity, Outcome.WITHDRAWN, known.title, known.name)
            result.reason = f"not in the source since {known.gone_since}"
            patch = {"id": known.id, "harvest_withdrawn": _now()}
        else:
            result = RecordResult(known.identity, Outcome.GONE, known.title, known.name)
            result.reason = "no longer in the source; the next run withdraws it"
            patch = {"id": known.id, "harvest_gone_since": _now()}
        if self._dry_run:
            return result
        try:
            self._portal.call("package_patch", patch)
            if known.gone_since:
                self._portal.call("package_delete", {"id": known.id})
        except errors.NotFound:
            result.outcome = Outcome.SKIPPED
            result.reason = "only the search index has it (myk index check --repair)"
        except (errors.ValidationError, errors.NotAuthorized) as error:
            raise PortalError(explain(error)) from error
        return result

    # -- parts -----------------------------------------------------------------------------------

    def _package(self, record: Record, digest: str) -> dict[str, Any]:
        return {
            **record.package,
            "resources": [dict(resource) for resource in record.package["resources"]],
            "harvest_source": self._source,
            "harvest_source_id": record.identity,
            "harvest_source_url": record.uri,
            # Empty until its files are there: a run that was cut off in between starts it again.
            "harvest_hash": digest,
            "harvest_fingerprint": self._fingerprint(record.fingerprint) if digest else "",
            "harvested_at": _now(),
        }

    def _fingerprint(self, given: str) -> str:
        """A record's own, and which hubs there are: it is put into one only if that exists."""
        return fingerprint.together(given, *sorted(self._groups or ())) if given else ""

    def _number(
        self,
        package: dict[str, Any],
        record: Record,
        owner: str,
        existing: list[dict[str, Any]] | None = None,
    ) -> None:
        """Give resources ids that stay: those that their URI (else address) had, else new ones.

        Files that are there already with the same content keep their upload.
        """
        by_key = {_key(resource): resource for resource in existing or []}
        used: set[str] = set()
        for position, resource in enumerate(package["resources"]):
            old = by_key.get(_key(resource))
            chosen = old["id"] if old else resource_id(owner, _key(resource) or str(position))
            if chosen in used:  # two distributions with one URI
                chosen = resource_id(owner, f"{chosen} {position}")
            used.add(chosen)
            resource["id"] = chosen
            if position in record.files and old and old.get("url_type") == "upload":
                resource["url_type"] = "upload"
                resource["url"] = old["url"].rsplit("/", 1)[-1]

    def _upload(
        self,
        record: Record,
        package: dict[str, Any],
        digest: str,
        existing: list[dict[str, Any]] | None = None,
    ) -> None:
        """Hand over the files that CKAN does not have yet, then write the hash."""
        if not record.files:
            return
        have = {r["id"]: r.get("hash") for r in existing or [] if r.get("url_type") == "upload"}
        resources = package["resources"]
        missing = [
            position
            for position, file in record.files.items()
            if have.get(resources[position]["id"]) != file.sha256
        ]
        patch: dict[str, Any] = {
            "id": package["id"],
            "harvest_hash": digest,
            "harvest_fingerprint": self._fingerprint(record.fingerprint),
        }
        with contextlib.ExitStack() as stack:
            for position in missing:
                file = record.files[position]
                stream = stack.enter_context(file.path.open("rb"))
                if self._portal.is_remote:
                    data = {"id": resources[position]["id"]}
                    self._portal.call("resource_patch", data, files={"upload": stream})
                else:
                    # In one process all files ride along: one write instead of many.
                    resources[position] |= {
                        "upload": _storage(stream, file.path.name),
                        "url_type": "upload",
                        "url": file.path.name,
                    }
                    patch["resources"] = resources
            self._portal.call("package_patch", patch)

    def _names(self, record: Record) -> Iterator[str]:
        """The wished-for name, and two that nobody else can have."""
        mark = short_hash(f"{self._source}\n{record.identity}", 8)
        if record.slug:
            yield record.slug[:NAME_LENGTH]
            yield f"{record.slug[: NAME_LENGTH - 9]}-{mark}"
        yield f"{self._source[: NAME_LENGTH - 13]}-{short_hash(record.identity, 12)}"

    def _is_ours(self, package: dict[str, Any], record: Record) -> bool:
        return (
            package.get("harvest_source") == self._source
            and package.get("harvest_source_id") == record.identity
        )

    def _drop_unknown_groups(self, record: Record) -> None:
        if self._groups is None:
            return
        groups = record.package.get("groups") or []
        missing = [group["name"] for group in groups if group["name"] not in self._groups]
        if missing:
            record.notes.append(f"no such hub in the portal: {', '.join(missing)}")
            record.package["groups"] = [g for g in groups if g["name"] in self._groups]

    @staticmethod
    def _result(record: Record, outcome: Outcome, name: str, reason: str = "") -> RecordResult:
        title = str(record.package.get("title", ""))
        return RecordResult(record.identity, outcome, title, name, reason, list(record.notes))


def _key(resource: dict[str, Any]) -> str:
    return str(resource.get("uri") or resource.get("access_url") or resource.get("url") or "")


def _storage(stream: BinaryIO, name: str) -> FileStorage:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileStorage(stream, filename=name, content_type=kind)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
