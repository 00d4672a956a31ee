"""What takes longer than a page may: previews, and withdrawing the records of a source.

Both are jobs of CKAN's worker. A preview is looked at in a process of its own, which is ended when
it takes too long or too much memory; what it found lies in Redis for an hour.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from ckan import model as ckan_model
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit

from harvesters.model import SourceConfig

log = logging.getLogger(__name__)

#: Seconds that a preview may take, and that one is kept.
SECONDS = 90
KEPT = 3600
#: Previews of one person that may wait at once.
_AT_ONCE = 3
#: Bytes that a preview may answer with.
_LONGEST = 2_000_000


def _key(id_: str) -> str:
    return f"ckan:{toolkit.config['ckan.site_id']}:myk:harvest-check:{id_}"


def load(id_: str) -> dict[str, Any] | None:
    """Return a preview, if there is one."""
    try:
        uuid.UUID(id_)
    except ValueError:
        return None
    found = connect_to_redis().get(_key(id_))
    return dict(json.loads(found)) if found else None


def _save(told: dict[str, Any]) -> None:
    connect_to_redis().set(_key(told["id"]), json.dumps(told, ensure_ascii=False), ex=KEPT)


def enqueue_check(source: SourceConfig, user: str, *, new: bool) -> dict[str, Any]:
    """Have a source looked at; return the preview, which waits.

    :raises toolkit.ValidationError: when this person has too many waiting.
    """
    redis, waiting = connect_to_redis(), f"{_key('waiting')}:{user}"
    if redis.incr(waiting) > _AT_ONCE:
        redis.decr(waiting)
        text = toolkit._("Several previews of yours are still waiting; please try again soon.")
        raise toolkit.ValidationError({"name": [text]})
    redis.expire(waiting, 2 * SECONDS)
    told = {
        "id": str(uuid.uuid4()), "state": "waiting", "user": user, "new": new,
        "source": source.model_dump(mode="json", exclude={"path"}),
    }  # fmt: skip
    _save(told)
    toolkit.enqueue_job(
        check,
        [told["id"], source.model_dump(mode="json"), waiting],
        title=f"preview of the harvest source {source.name}",
        rq_kwargs={"timeout": SECONDS + 60},
    )
    return told


def check(id_: str, source: dict[str, Any], waiting: str) -> None:
    """Look at a source, and keep what was found (a job)."""
    told = load(id_)
    if told is None:
        return
    try:
        told |= _looked(source)
        if "result" in told:
            _compare(source["name"], told["result"]["records"])
    except Exception:
        log.exception("a preview failed")
        told |= {"state": "failed", "error": "The preview failed; the portal's log tells why."}
    finally:
        told["finished"] = datetime.now(UTC).isoformat()
        _save(told)
        connect_to_redis().decr(waiting)


def _looked(source: dict[str, Any]) -> dict[str, Any]:
    """Return what a process of its own sees of a source: ``result``, or ``error``."""
    asked = {
        "source": source,
        "config": str(toolkit.config.get("ckanext.myk.config_folder") or ""),
        "allow_hosts": str(toolkit.config.get("ckanext.myk.harvest_allow_hosts") or ""),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ckanext.myk.harvesting.preview"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
    except subprocess.TimeoutExpired:
        error = f"Looking at the source took longer than {SECONDS} seconds."
        return {"state": "failed", "error": error}
    if done.returncode or len(done.stdout) > _LONGEST:
        log.error("a preview ended with %s: %s", done.returncode, done.stderr[-2000:])
        error = "The source is too large, or cannot be read; the portal's log tells more."
        return {"state": "failed", "error": error}
    found: dict[str, Any] = json.loads(done.stdout)
    return {"state": "failed" if "error" in found else "done", **found}


def _compare(name: str, records: list[dict[str, Any]]) -> None:
    """Note of each record whether the portal has it already from this source."""
    search = toolkit.get_action("package_search")
    for record in records:
        identity = str(record["identity"]).replace("\\", "\\\\").replace('"', '\\"')
        found = search(
            {"ignore_auth": True},
            {
                "fq": f'+harvest_source:"{name}" +harvest_source_id:"{identity}"',
                "rows": 1, "fl": "name", "include_private": True,
            },
        )  # fmt: skip
        record["known"] = found["results"][0]["name"] if found["results"] else None


# -- withdrawing ---------------------------------------------------------------------------------


def enqueue_withdrawal(source: str, org: str) -> None:
    """Have the records of a source deleted that an organisation owns."""
    toolkit.enqueue_job(
        withdraw,
        [source, org],
        title=f"withdrawing the records of the harvest source {source}",
        rq_kwargs={"timeout": 6 * 3600},
    )


def withdraw(source: str, org: str) -> None:
    """Delete the records of a source that is no more (a job)."""
    user = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    search, failed = toolkit.get_action("package_search"), 0
    while True:
        found = search(
            {"ignore_auth": True},
            {
                "fq": f'+harvest_source:"{source}" +organization:"{org}"', "rows": 100,
                "start": failed, "fl": "id", "sort": "id asc",
                "include_private": True, "include_drafts": True,
            },
        )["results"]  # fmt: skip
        if not found:
            return
        for record in found:
            context = {"user": user, "ignore_auth": True}
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            try:
                # As the harvester does it: should the source be set up again, it comes back.
                patch = {"id": record["id"], "harvest_withdrawn": moment}
                toolkit.get_action("package_patch")(dict(context), patch)
                toolkit.get_action("package_delete")(dict(context), {"id": record["id"]})
            except (toolkit.ValidationError, toolkit.ObjectNotFound) as error:
                ckan_model.Session.rollback()
                log.error("a record of %s could not be withdrawn: %s", source, error)
                failed += 1
