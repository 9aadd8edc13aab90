"""Where a problem's page is."""

from __future__ import annotations

from ..escaping import file_name


def page_link(pages: str | None, problem_id: str) -> str | None:
    """The address of a problem's page below ``pages`` (a URL or a folder), or None without one.

    >>> page_link("https://ci.example/report/", "bakery-12")
    'https://ci.example/report/problems/bakery-12.html'
    """
    return None if not pages else f"{pages.rstrip('/')}/problems/{file_name(problem_id)}.html"
