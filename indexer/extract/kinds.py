"""What a file is: by its first bytes, then by its name, then by what its publisher says."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

_BY_NAME = {
    "pdf": "pdf", "docx": "docx", "docm": "docx", "dotx": "docx", "odt": "odt", "ott": "odt",
    "pptx": "pptx", "pptm": "pptx", "ppsx": "pptx", "odp": "odp", "xlsx": "xlsx", "xlsm": "xlsx",
    "ods": "ods", "csv": "csv", "tsv": "csv", "tab": "csv", "html": "html", "htm": "html",
    "xhtml": "html", "eml": "eml", "txt": "text", "text": "text", "md": "text", "markdown": "text",
    "asc": "text", "log": "text", "zip": "zip",
}  # fmt: skip
_BY_TYPE = {
    "application/pdf": "pdf", "text/csv": "csv", "text/tab-separated-values": "csv",
    "text/html": "html", "application/xhtml+xml": "html", "message/rfc822": "eml",
    "text/plain": "text", "text/markdown": "text", "application/zip": "zip",
}  # fmt: skip
_ODF = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.text-template": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_OOXML = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Kinds that only the name can tell from plain text.
_TEXTS = frozenset(("csv", "html", "eml", "text"))
_MAIL = re.compile(
    rb"(?im)\A(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,60}?"
    rb"(?:from|received|return-path|message-id|mime-version):"
)
_HTML = re.compile(
    rb"(?i)\A\s*(?:<!--.{0,2000}?-->\s*)*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html|head|body)",
    re.DOTALL,
)

#: Other kinds that are recognised, and what to say.
UNREADABLE = {
    "ole": "The file has an old Office format (DOC, XLS, PPT). Save it as DOCX, XLSX, PPTX or PDF.",
    "ole-encrypted": "The Office file is protected by a password. Publish it without one.",
    "image": "The file is a picture; text is read from documents only.",
    "other": "Files of this kind are not read for their text.",
    "empty": "The file is empty.",
}


def recognise(content: bytes, name: str, declared: str) -> str:
    """The kind of a file: one that is read, or a key of ``UNREADABLE``."""
    if not content.strip(b"\0\r\n\t "):
        return "empty"
    named = _named(name, declared)
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(b"PK\x03\x04") or content.startswith(b"PK\x05\x06"):
        return _zipped(content, named)
    if content.startswith(_OLE):
        # The name of the stream that holds an encrypted OOXML file, in UTF-16.
        encrypted = "EncryptedPackage".encode("utf-16-le") in content
        return "ole-encrypted" if encrypted else "ole"
    if content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"RIFF")):
        return "image"
    if _HTML.match(content[:4096]):
        return "html"
    if named in _TEXTS:
        return named if _is_text(content) else "other"
    if named:  # it says that it is a PDF or DOCX, and is not
        # Some systems hand out the text of a paper under the name of the paper.
        return "text" if _is_text(content) else named
    if _MAIL.match(content[:8192]):
        return "eml"
    return "text" if _is_text(content) and declared.startswith("text/") else "other"


def _named(name: str, declared: str) -> str:
    ending = name.rsplit(".", 1)[-1].casefold() if "." in name else ""
    if ending in _BY_NAME:
        return _BY_NAME[ending]
    short = declared.split(";")[0].strip().casefold()
    if short in _BY_TYPE:
        return _BY_TYPE[short]
    if not ending and short in _BY_NAME:  # CKAN's formats: "PDF", "CSV"
        return _BY_NAME[short]
    if "opendocument" in short:
        return _ODF.get(short.encode(), "")
    for part, kind in (
        ("wordprocessing", "docx"),
        ("presentationml", "pptx"),
        ("spreadsheetml", "xlsx"),
    ):
        if part in short:
            return kind
    return ""


def _zipped(content: bytes, named: str) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()[:200]
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = _ODF.get(archive.read("mimetype").strip())
                if kind:
                    return kind
    except Exception:  # noqa: BLE001 - whatever is wrong, reading it in earnest says so
        return named or "zip"
    if "[Content_Types].xml" in names:
        for folder, kind in _OOXML:
            if any(entry.startswith(folder) for entry in names):
                return kind
    return named if named in ("docx", "pptx", "xlsx", "odt", "ods", "odp") else "zip"


def _is_text(content: bytes) -> bool:
    """Whether the beginning holds letters rather than binary data."""
    sample = content[:4096]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    zeros = sample.count(0)
    if zeros:  # UTF-16 without a mark has a zero in every second byte
        return zeros > len(sample) // 4 and 0 in (sample[::2].count(0), sample[1::2].count(0))
    odd = sum(1 for byte in sample if byte < 32 and byte not in (9, 10, 12, 13, 27))
    return odd * 50 <= len(sample)
