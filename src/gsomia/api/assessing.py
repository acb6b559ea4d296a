"""An assessment whose officers sign elsewhere: its views are sealed when it is prepared, and go as they were sealed."""

from __future__ import annotations

from gsomia.api.wanted import Assess
from gsomia.errors import RefusedError
from gsomia.node import ASSESSMENT_BYTES, Acting, Contents, Node, SealedOnce, assess, discard

__all__ = ["Assessing", "assessment"]


def assessment(coming: Contents, officer: str, content: str) -> bytes:
    """An assessment that an officer sent; of one that is too long, enough to be told so.

    Args:
        coming: where it lies.
        officer: who sent it.
        content: its digest.

    Raises:
        UsageError: it is not here whole.
    """
    with coming.reading(officer, content) as source:
        return source.read(ASSESSMENT_BYTES + 1)


class Assessing:
    """The views of one assessment, and what binds them: all are entered together, or none.

    Args:
        coming: where the assessment lies.
        officer: who sent it.
        wanted: the act, as it was asked for.
    """

    def __init__(self, coming: Contents, officer: str, wanted: Assess) -> None:
        self._coming = coming
        self._officer = officer
        self._wanted = wanted
        self._once: dict[str, SealedOnce] = {}
        self._entered = False

    @property
    def keeps(self) -> bool:
        """Whether views that were sealed wait for their acts."""
        return not self._entered

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case: the first officer speaks for this Party, the last one discloses.

        Raises:
            RefusedError: these very views were given before, and not all of them were presented.
        """
        wanted = self._wanted
        data = assessment(self._coming, self._officer, wanted.content)
        copies = assess(node, wanted.consultation, data, by=by[0], disclosure=by[-1], once=self._once)
        if {copy.item for copy in copies} != {one.item for one in self._once.values()}:
            text = "these very views were given before, and not all of them were presented"
            ground = {"effect": "refuse", "instrument": "", "article": "", "clause": "given-before", "text": text}
            raise RefusedError(text, verdict={"outcome": "refuse", "grounds": [ground]}, hint="present those")
        return copies

    def finish(self) -> None:
        """Let go of the assessment: its acts are entered."""
        self._entered = True
        self._coming.drop(self._officer, self._wanted.content)

    def discard(self, node: Node) -> None:
        """Remove the views that were sealed, where no act of them was entered."""
        for one in self._once.values():
            discard(node, one.item)
