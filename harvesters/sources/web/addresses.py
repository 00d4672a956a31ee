"""Addresses of web pages, in one spelling each."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from harvesters.text import web_address

_LONGEST = 2000  # letters; real addresses are shorter, those of traps grow
_PORTS = {"http": 80, "https": 443}
# What names a visit or a campaign, not a page.
_NOISE = re.compile(
    r"(?i)^(?:utm_\w+|mtm_\w+|pk_\w+|piwik_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|_ga|_gl|igshid"
    r"|(?:php|asp|j)?sess(?:ion)?_?id|phpsessid|jsessionid|cfid|cftoken|sid)$"
)
_PATH_SESSION = re.compile(r"(?i);(?:jsessionid|sid|phpsessid)=[^/;]*")
_SAFE = "/:@!$&'()*+,;=~-._%"


def normal(address: str, base: str = "") -> str:
    """``address`` in the spelling in which it is compared, or nothing if it is no web page's.

    Absolute, without fragment, session and campaign; the host in lower case, everything but ASCII
    encoded. The order of a query stays.
    """
    try:
        parts = urlsplit(urljoin(base, address.strip()) if base else address.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or parts.username is not None:
        return ""
    try:
        host = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    if port and port != _PORTS[scheme]:
        host = f"{host}:{port}"
    # surrogates cannot be encoded; what holds them is no address that anybody could open
    try:
        path = quote(_PATH_SESSION.sub("", parts.path), safe=_SAFE) or "/"
        path = _without_dots(path)
        query = "&".join(
            quote(pair, safe=_SAFE + "?")
            for pair in parts.query.split("&")
            if pair and not _NOISE.match(pair.split("=")[0])
        )
    except UnicodeError:
        return ""
    path = re.sub(r"%[0-9a-fA-F]{2}", lambda found: _code(found[0]), path)
    made = urlunsplit((scheme, host.lower(), path, query, ""))
    return made if len(made) <= _LONGEST else ""


def _code(found: str) -> str:
    """An encoded letter that needs no code is plain; all others are in capitals."""
    letter = unquote(found)
    return letter if re.fullmatch(r"[A-Za-z0-9~._-]", letter) else found.upper()


def _without_dots(path: str) -> str:
    """``/a/../b`` is ``/b``; nothing leads above the top."""
    out: list[str] = []
    pieces = path.split("/")[1:]
    for piece in pieces:
        if piece == "..":
            del out[-1:]
        elif piece != ".":
            out.append(piece)
    if pieces[-1] in (".", ".."):
        out.append("")
    return "/" + "/".join(out)


def in_full(address: str, base: str) -> str:
    """``address`` as it was written, with the place on the page, but absolute; else nothing."""
    try:
        return web_address(urljoin(base, address.strip())) if address.strip() else ""
    except ValueError:
        return ""


def host(address: str) -> str:
    """The host, and its port if it is no usual one; ``www.`` is no host of its own."""
    return urlsplit(address).netloc.lower().removeprefix("www.")


def file_name(address: str) -> str:
    """The last part of the path, decoded."""
    return unquote(urlsplit(address).path.rsplit("/", 1)[-1])


def shape(address: str) -> str:
    """What addresses of one pattern have in common: numbers and values of the query do not count.

    ``/kalender/2026/05?tag=3`` and ``/kalender/2031/11?tag=9`` are the same.
    """
    parts = urlsplit(address)
    keys = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair})
    return re.sub(r"\d+", "0", parts.path) + ("?" + "&".join(keys) if keys else "")


def goes_in_circles(address: str) -> bool:
    """Whether a path repeats itself, as wrong relative links make it do (``/a/b/a/b/a/b``)."""
    pieces = [piece for piece in urlsplit(address).path.split("/") if piece]
    return any(pieces.count(piece) > 2 for piece in set(pieces)) or len(pieces) > 25
