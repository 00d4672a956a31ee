"""E-mails (EML): subject, who and when, the text, and the names of what is attached."""

from __future__ import annotations

import email
from email import policy
from email.message import EmailMessage

from indexer.errors import ExtractError
from indexer.extract import html, plain
from indexer.extract.cleaning import clean
from indexer.limits import Budget
from indexer.model import Block, Extracted, Page

_SHOWN = (("From", "Von"), ("To", "An"), ("Cc", "Kopie"), ("Date", "Datum"))
_MOST_PARTS = 200
_MOST_PEOPLE = 500  # letters of a header


def extract(content: bytes, budget: Budget) -> Extracted:
    """Read an e-mail; attachments are named, not opened. Raises ExtractError."""
    result = Extracted(kind="eml")
    if len(content) > budget.limits.text:
        # What is long in a mail is attached, and stands behind its text.
        content = content[: budget.limits.text]
    message = email.message_from_bytes(content, policy=policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise ExtractError("The e-mail has no headers. Save it again as EML.")
    result.title = _header(message, "Subject")
    found = [Block("heading", result.title, 1)] if result.title else []
    for name, shown in _SHOWN:
        value = _header(message, name)
        if value:
            found.append(Block("paragraph", f"{shown}: {value}"))
    text, attached = _parts(message)
    found += text
    found += [Block("list", f"Anhang: {name}", 1) for name in attached]
    result.pages = [Page(1, found)] if text or result.title or attached else []
    return result


def _header(message: EmailMessage, name: str) -> str:
    try:
        return clean(" ".join(str(message.get(name, "")).split()))[:_MOST_PEOPLE]
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return ""  # the standard library gives up on some broken headers


def _parts(message: EmailMessage) -> tuple[list[Block], list[str]]:
    """The text (the plain one where there are two), and names of attachments."""
    plain_text: list[Block] = []
    web: list[Block] = []
    attached: list[str] = []
    stack = [message]
    seen = 0
    while stack and seen < _MOST_PARTS:
        part = stack.pop()
        seen += 1
        kind = part.get_content_type()
        name = _file_name(part)
        if kind == "message/rfc822" and part is not message:
            attached.append(name or "E-Mail")
        elif part.is_multipart():
            stack += [child for child in reversed(list(part.iter_parts())) if _is_message(child)]
        elif name or part.get_content_disposition() == "attachment":
            attached.append(name or kind)
        elif kind in ("text/plain", "text/html"):
            body = part.get_payload(decode=True)
            if not isinstance(body, bytes):
                continue
            charset = str(part.get_content_charset() or "")
            if kind == "text/plain":
                plain_text += plain.blocks(plain.decode(body, charset)[0])
            elif body.strip():
                try:
                    web += html.read(body, charset)[0]
                except ExtractError:
                    continue
    return plain_text or web, attached


def _is_message(part: object) -> bool:
    return isinstance(part, EmailMessage)


def _file_name(part: EmailMessage) -> str:
    try:
        return clean(str(part.get_filename() or ""))[:200]
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return ""
