"""A short sentence in the two report languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True)
class Text:
    """One sentence said in English and in Chinese.

    >>> Text(en="one village", zh="仅一个村").get("zh")
    '仅一个村'
    """

    en: str
    zh: str

    def get(self, language: Language) -> str:
        """Return the sentence in the language asked for."""
        return self.zh if language == "zh" else self.en

    def to_dict(self) -> dict[str, str]:
        """Return ``{"en": …, "zh": …}``."""
        return {"en": self.en, "zh": self.zh}


def text_from(value: Text | dict[str, str] | str) -> Text:
    """Return a `Text` from a mapping with ``en``/``zh``, or from one string used for both."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        return Text(en=value, zh=value)
    both = {**value}
    en = both.get("en") or both.get("zh", "")
    return Text(en=en, zh=both.get("zh") or en)
