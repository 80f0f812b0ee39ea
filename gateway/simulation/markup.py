"""XML as text: elements in the order in which they are written, and no empty ones."""

from html import escape


def tag(name: str, *content: str) -> str:
    """An element around elements that are already written; nothing at all when it holds none."""
    inside = "".join(content)
    return f"<{name}>{inside}</{name}>" if inside else ""


def text(name: str, value: str) -> str:
    """A plain field; nothing at all when it has no value."""
    return f"<{name}>{escape(value, quote=False)}</{name}>" if value else ""


def coded(name: str, *values: str) -> str:
    """A coded field: one element with a `value` for each code."""
    return tag(name, *(text("value", value) for value in values))
