"""Answers of OGC services in XML: fetched, checked for complaints, and who offers them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from harvesters import rdf, safexml
from harvesters.errors import SourceError
from harvesters.fetch import Fetcher
from harvesters.safexml import find, href, text, texts

ACCEPT = "application/xml, text/xml;q=0.9, */*;q=0.1"
_TOLD = 300  # characters of a service's complaint that are passed on


def document(
    fetcher: Fetcher, address: str, what: str, *, allow_doctype: bool = False
) -> etree._Element:
    """The XML at ``address``. Raises SourceError also for what the service itself reports."""
    page = fetcher.get(address, accept=ACCEPT)
    if rdf.sniff(page.content[:4096]) == "html":
        raise SourceError(f"{address} is a web page (HTML), not {what}.")
    root = safexml.parse(page.content, address, what, allow_doctype=allow_doctype)
    if safexml.local(root) in ("ExceptionReport", "ServiceExceptionReport"):
        raise SourceError(f"{address} refuses: {_complaint(root)}")
    return root


def _complaint(root: etree._Element) -> str:
    """The texts and codes of an exception report in one line."""
    said = []
    for node in root:
        code = node.get("exceptionCode") or node.get("code") or ""
        words = " ".join(text(node).split())
        said.append(f"{words} ({code})" if words and code else words or code)
    line = "; ".join(filter(None, said)) or "it does not say why"
    return line[:_TOLD].rstrip(".") + "."


@dataclass(slots=True)
class Service:
    """What a service says of itself, in the words of OWS Common or of the older capabilities."""

    title: str = ""
    abstract: str = ""
    keywords: list[str] = field(default_factory=list)
    fees: str = ""
    access: str = ""
    provider: str = ""
    site: str = ""
    contact: dict[str, str] = field(default_factory=dict)


def service(root: etree._Element) -> Service:
    """The service's own description in a capabilities document."""
    about = find(root, "ServiceIdentification")
    provider = find(root, "ServiceProvider")
    if about is None and provider is None:
        return _older(find(root, "Service"))
    person = find(provider, "ServiceContact")
    address = find(person, "ContactInfo/Address")
    name = text(provider, "ProviderName")
    return Service(
        title=text(about, "Title"),
        abstract=text(about, "Abstract"),
        keywords=texts(about, "Keywords/Keyword"),
        fees=text(about, "Fees"),
        access="\n".join(texts(about, "AccessConstraints")),
        provider=name,
        site=href(provider, "ProviderSite"),
        contact=_filled(
            name=text(person, "IndividualName") or name,
            email=text(address, "ElectronicMailAddress"),
            telephone=text(person, "ContactInfo/Phone/Voice"),
            url=href(person, "ContactInfo/OnlineResource"),
            address=_address(address, "DeliveryPoint", "PostalCode"),
        ),
    )


def _older(about: etree._Element | None) -> Service:
    """WMS, and WFS 1.0.0."""
    who = find(about, "ContactInformation")
    address = find(who, "ContactAddress")
    provider = text(who, "ContactPersonPrimary/ContactOrganization")
    keywords = texts(about, "KeywordList/Keyword") or text(about, "Keywords").split(",")
    return Service(
        title=text(about, "Title"),
        abstract=text(about, "Abstract"),
        keywords=[word.strip() for word in keywords],
        fees=text(about, "Fees"),
        access=text(about, "AccessConstraints"),
        provider=provider,
        site=href(about, "OnlineResource") or text(about, "OnlineResource"),
        contact=_filled(
            name=text(who, "ContactPersonPrimary/ContactPerson") or provider,
            email=text(who, "ContactElectronicMailAddress"),
            telephone=text(who, "ContactVoiceTelephone"),
            address=_address(address, "Address", "PostCode"),
        ),
    )


def _address(node: etree._Element | None, street: str, post_code: str) -> str:
    place = " ".join(filter(None, (text(node, post_code), text(node, "City"))))
    return ", ".join(filter(None, (*texts(node, street), place)))


def _filled(**values: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}
