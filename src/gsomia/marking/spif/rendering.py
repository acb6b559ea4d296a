"""Show a label as a policy has it shown: phrases in a language, at a place on the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from gsomia.marking.label import Label
from gsomia.marking.spif.model import Phrase, Policy, Qualifier

Place = Literal["pageTop", "pageBottom", "portionMarking", "documentStart", "documentEnd", "waterMark", "subject"]

_COVERS: Final = {"pageTop": ("pageTop", "pageTopBottom"), "pageBottom": ("pageBottom", "pageTopBottom")}
_DISPLAY: Final = frozenset({"noNameDisplay", "noMarkingDisplay", "suppressClassName", "replacePolicy"})


def _best(phrases: Sequence[Phrase], lang: str, place: Place) -> Phrase | None:
    """The phrase for a language and a place: the language's own, its base language's, then any."""
    wanted = _COVERS.get(place, (place,))

    def fits(phrase: Phrase) -> int:
        places = phrase.codes - _DISPLAY
        if not places or not places.isdisjoint(wanted):
            return 2
        # what is shown on the page serves for a place that nothing was written for
        return 1 if not places.isdisjoint(("pageTop", "pageTopBottom")) and place != "portionMarking" else 0

    best: tuple[int, int] = (0, 0)
    chosen: Phrase | None = None
    for phrase in phrases:
        language = _language(phrase.lang, lang)
        score = (fits(phrase), language)
        if score[0] and language and score > best:
            best, chosen = score, phrase
    return chosen


def _language(offered: str, wanted: str) -> int:
    """3 the same, 2 the same base language, 1 for any language, 0 another language."""
    if not offered:
        return 1
    if offered.lower() == wanted.lower():
        return 3
    return 2 if offered.lower().partition("-")[0] == wanted.lower().partition("-")[0] else 0


def _qualifier(qualifiers: Iterable[Qualifier], kind: str, lang: str, place: Place, default: str) -> str:
    wanted = (*_COVERS.get(place, (place,)), "")
    best, text = 0, default
    for qualifier in qualifiers:
        language = _language(qualifier.lang, lang)
        if qualifier.kind == kind and qualifier.place in wanted and language > best:
            best, text = language, qualifier.text
    return text


def render(policy: Policy, label: Label, *, lang: str = "en", place: Place = "pageTop") -> str:
    """A label's marking.

    The policy's name or what replaces it, the classification, then each tag of the policy in the policy's order,
    its values in the policy's order too.

    Args:
        policy: the label's policy.
        label: a label that is valid in it; what the policy does not have is refused.
        lang: the language wanted (BCP 47); where a phrase has none, its default is shown.
        place: where on the document.

    Raises:
        DataError: the policy has no such classification, tag or value.
    """
    level = policy.level(label.classification)
    replaced: str | None = None
    parts: list[str] = []
    suppressed = False
    for tag in policy.tags:
        held = label.values(tag.name, tag.type)
        shown: list[str] = []
        for value in tag.values:
            if value.name not in held:
                continue
            phrase = _best(value.phrases, lang, place)
            codes = frozenset(c for p in value.phrases for c in p.codes)
            suppressed = suppressed or "suppressClassName" in codes
            if phrase is not None and "replacePolicy" in phrase.codes:
                replaced = phrase.text if phrase.text is not None else value.name
                continue
            if "noMarkingDisplay" in codes or ("noNameDisplay" in codes and (phrase is None or phrase.text is None)):
                continue
            text = phrase.text if phrase is not None and phrase.text is not None else value.name
            before = _qualifier(value.qualifiers, "prefix", lang, place, "")
            shown.append(before + text + _qualifier(value.qualifiers, "suffix", lang, place, ""))
        if shown:
            separator = _qualifier(tag.qualifiers, "separator", lang, place, "/")
            before = _qualifier(tag.qualifiers, "prefix", lang, place, "")
            after = _qualifier(tag.qualifiers, "suffix", lang, place, "")
            parts.append(before + separator.join(shown) + after)
    for phrase in (*policy.phrases, *level.phrases):
        if "replacePolicy" in phrase.codes and _language(phrase.lang, lang):
            replaced = phrase.text or ""
    own = [p for p in level.phrases if "replacePolicy" not in p.codes]
    phrase = _best(own, lang, place)
    short = place == "portionMarking" and phrase is not None
    level_text = phrase.text if phrase is not None and phrase.text is not None else level.name
    before = _qualifier(level.qualifiers, "prefix", lang, place, "")
    level_text = before + level_text + _qualifier(level.qualifiers, "suffix", lang, place, "")
    if replaced is None:
        phrase = _best(policy.policy_phrases, lang, place)
        replaced = phrase.text if phrase is not None and phrase.text is not None else policy.name
        if phrase is not None and phrase.text is None and "noNameDisplay" in phrase.codes:
            replaced = ""
    head = [replaced, "" if suppressed else level_text]
    if short:  # a portion's own phrase stands for policy and level
        head = [level_text]
    text = " ".join(part for part in (*head, *parts) if part)
    before = _qualifier(policy.qualifiers, "prefix", lang, place, "")
    text = before + text + _qualifier(policy.qualifiers, "suffix", lang, place, "")
    return f"({text})" if place == "portionMarking" else text
