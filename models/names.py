"""Numbers for words that come again and again, so that an index entry holds 4 bytes instead of a string."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Word = TypeVar("Word")


class Names(Generic[Word]):
    """A list that only grows, and knows the place of each of its words.

    >>> names = Names[str]()
    >>> names.code("KAZ11/383"), names.code("KAZ11/384"), names.code("KAZ11/383")
    (0, 1, 0)
    >>> names[1]
    'KAZ11/384'
    """

    __slots__ = ("_codes", "_words")

    def __init__(self, words: list[Word] | None = None) -> None:
        """Begin with words whose codes are their places."""
        self._words: list[Word] = list(words or ())
        self._codes = {word: code for code, word in enumerate(self._words)}

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, code: int) -> Word:
        return self._words[code]

    def code(self, word: Any, make: Callable[[Any], Word] | None = None) -> int:
        """Place of the word, which is added if it is new, by `make` from what is equal to it."""
        code = self._codes.get(word)
        if code is None:
            added: Word = word if make is None else make(word)
            code = self._codes[added] = len(self._words)
            self._words.append(added)
        return code

    def find(self, word: Any) -> int | None:
        """Place of a word, None where it is not in the list."""
        return self._codes.get(word)

    def since(self, count: int) -> list[Word]:
        """Give the words added after there were `count`."""
        return self._words[count:]
