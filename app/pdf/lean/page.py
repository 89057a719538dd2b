"""Parses the report's page and lays it out, without what WeasyPrint does for pages in general.

The templates write XML, which expat reads thirty times faster than an HTML5 parser in Python.
WeasyPrint's own stylesheet styles six pseudo-elements of every element, for notes and markers that
no report has: without these rules, a report has a seventh of the styles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML
from weasyprint.css.counters import CounterStyle
from weasyprint.document import Document
from weasyprint.html import UA
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from app.pdf.lean.cards import make_cards
from app.pdf.lean.references import keep_page_references
from app.pdf.lean.shortcuts import take_shortcuts
from app.pdf.lean.tags import replace_tags

make_cards()
keep_page_references()
take_shortcuts()
replace_tags()


class ReportPage(HTML):  # type: ignore[misc]
    """The page of a report: well-formed XML with HTML's element names."""

    def __init__(self, xml: str, fetcher: URLFetcher) -> None:
        root = ElementTree.fromstring(xml)  # noqa: S314  our own template, without entities
        self.base_url = None
        self.url_fetcher = fetcher
        self.media_type = "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_user_agent()]


def lay_out(
    xml: str,
    fetcher: URLFetcher,
    sheets: Sequence[CSS],
    fonts: FontConfiguration,
    pictures: Mapping[str, Any] | None = None,
) -> Document:
    """Lay out a page; `pictures` are the images that need not be opened, by their URL."""
    page = ReportPage(xml, fetcher)
    return page.render(font_config=fonts, stylesheets=sheets, cache=dict(pictures or {}))


@cache
def _user_agent() -> CSS:
    """WeasyPrint's sheet without the rules that apply to pseudo-elements of every element."""
    kept = (line for line in UA.splitlines() if not line.startswith("::"))
    return CSS(string="\n".join(kept), counter_style=CounterStyle())
