"""Which outcome a text means, from its words alone. Pure.

A text is taken as an answer only when all of it is accounted for: every word of the part that answers is one of the
lexicon's, one outcome is named and nothing hesitates. A refusal may be explained. What follows an agreement may be a
wish ("approved, use DHL"), and no list of words tells: only a model can say that it is a remark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.hil.replies import lexicon

MOST_REMARK = 60
"""Words that may follow a plain refusal."""
_CJK = r"㐀-䶿一-鿿"
_WORDS = re.compile(rf"[{_CJK}]|:[+\w-]+:|[+-]1(?!\w)|[^\W_]+(?:['-][^\W_]+)*|[^\w\s]", re.UNICODE)
_BREAKS = re.compile(r"[.!?;\n。！？；,，、:：]+|\s[-–—]+\s")
_ASKS = re.compile(r"[?？¿]")
_SILENT = frozenset("\"'“”‘’„«»()[]*_~`…-–—/&#\ufe0f\u200d\u200b🏻🏼🏽🏾🏿")
_CODES = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "white_check_mark": "✅", "heavy_check_mark": "✅",
    "x": "❌", "ok_hand": "👌",
}  # fmt: skip
_CODE = re.compile(rf":({'|'.join(map(re.escape, _CODES))}):")
# What makes a refusal hang on something, too.
_REOPENS = frozenset(
    {
        *(
            "if",
            "unless",
            "until",
            "except",
            "maybe",
            "perhaps",
            "or",
            "wait",
            "hold on",
            "hold",
            "depends",
            "provided",
        ),
        *("once", "wenn", "falls", "vielleicht", "oder", "sofern", "außer", "ausser", "si no", "a menos", "excepto"),
        *("quizás", "quizá", "hasta", "espera", "o", "如果", "除非", "也许", "可能", "或者", "还是", "等"),
    }
)


@dataclass(frozen=True, slots=True)
class Way:
    """One outcome somebody can choose."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words say. `outcome` is empty when it is not plain, and `doubt` says why then.

    `quote` is the part of the text that says it, `remark` what follows. `mentions`: outcomes that are named at all.
    `is_remark_only`: a plain answer comes first, and what follows is all that is in doubt.
    """

    outcome: str = ""
    quote: str = ""
    remark: str = ""
    doubt: str = ""
    mentions: frozenset[str] = frozenset()
    is_remark_only: bool = False


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    outcomes: frozenset[str]
    is_strong: bool
    hedges: tuple[str, ...]
    against: tuple[str, ...]
    unknown: int
    is_harmless: bool

    @property
    def is_greeting(self) -> bool:
        """Whether it only says hello to somebody."""
        words = words_of(self.text)
        is_short = len(words) <= 5 and not self.outcomes and not self.hedges
        return is_short and bool(words) and words[0] in lexicon.GREETINGS

    @property
    def is_plain(self) -> bool:
        """Whether it names an outcome, and every word of it is accounted for."""
        return bool(self.outcomes) and not self.unknown and not self.hedges


def read(text: str, ways: Sequence[Way], title: str = "", names: Sequence[str] = ()) -> Reading:
    """What a text means for a question of this title with these outcomes. `names`: how its writer may sign."""
    text = _CODE.sub(lambda found: _CODES[found[1]], text)
    phrases = _phrases_of(tuple(ways), title, tuple(names))
    clauses = [_clause(part, phrases) for part in _BREAKS.split(text) if words_of(part)]
    mentions = frozenset(outcome for clause in clauses for outcome in clause.outcomes)
    if not mentions:
        return Reading(doubt="It names none of the answers.")
    said = next(clause for clause in clauses if clause.outcomes)
    doubt = _doubt(text, clauses, mentions, ways, title)
    if doubt:
        return Reading(doubt=doubt, quote=said.text, mentions=mentions)
    (outcome,) = mentions
    words = sum(clause.unknown for clause in clauses if clause is not said and not clause.is_greeting)
    remark = text.partition(said.text)[2].lstrip(" .,!;:-–—。，！\n").strip() if words else ""
    is_no = outcome.lower() in lexicon.REJECTED
    if words > (MOST_REMARK if is_no and said.is_strong else 0):
        is_short = said.is_strong and words <= MOST_REMARK
        doubt = "More is said than the answer."
        return Reading(doubt=doubt, quote=said.text, remark=remark, mentions=mentions, is_remark_only=is_short)
    return Reading(outcome=outcome, quote=said.text, remark=remark, mentions=mentions)


def _doubt(text: str, clauses: Sequence[_Clause], mentions: frozenset[str], ways: Sequence[Way], title: str) -> str:
    """Why the text is no plain answer; empty when it is one."""
    if len(mentions) > 1:
        return "It names more than one answer."
    (outcome,) = mentions
    if _ASKS.search(text):
        return "It asks something."
    if _turns_round(title) and not any(_is_label(clause.text, outcome, ways) for clause in clauses):
        return "The question is about refusing, so a short answer can mean either."
    is_no = outcome.lower() in lexicon.REJECTED
    is_strong = any(clause.is_plain and clause.is_strong for clause in clauses)
    hedges = [hedge for clause in clauses for hedge in clause.hedges]
    if is_no and is_strong:  # a plain refusal may be explained at length
        hedges = [hedge for hedge in hedges if hedge in _REOPENS]
    if not is_no:
        hedges += [each for clause in clauses for each in clause.against]
    if hedges:
        return f"“{hedges[0]}” makes it conditional or open."
    spoken = [clause for clause in clauses if not clause.is_greeting]
    first = next(clause for clause in spoken if clause.outcomes or clause.unknown)
    return "" if first.is_plain else "The answer does not stand by itself."


def hesitates(text: str) -> bool:
    """Whether it asks something, or says a word that makes an answer conditional, whatever the answers are called."""
    tags = [tag[0] for tag, _ in _tagged(words_of(text), _phrases_of((), "", ()))]
    return bool(_ASKS.search(text)) or "hedge" in tags or "against" in tags


def words_of(text: str) -> list[str]:
    """The words of a text in one case, single characters where words have no spaces between them."""
    return [word for word in _WORDS.findall(_folded(text)) if word not in _SILENT]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'").replace("`", "'")


def _turns_round(title: str) -> bool:
    return any(word in lexicon.TURNS_ROUND for word in words_of(title)) or any(
        phrase in _folded(title) for phrase in ("拒绝", "驳回", "取消", "停止", "否决")
    )


def _is_label(text: str, outcome: str, ways: Sequence[Way]) -> bool:
    """Whether the words on the button itself were written, which are plain whatever was asked."""
    labels = [way.label for way in ways if way.name == outcome]
    generic = {tuple(words_of(each)) for each in (*lexicon.STRONG_YES, *lexicon.WEAK_YES, *lexicon.WEAK_NO)}
    generic |= {tuple(words_of(each)) for each in lexicon.STRONG_NO}
    return any(
        words_of(label) == words_of(text) and tuple(words_of(label)) not in generic and words_of(label)
        for label in labels
    )


# ── Phrases ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_Tag = tuple[str, str]  # what it is, and for an outcome which
_Phrases = Mapping[str, Sequence[tuple[tuple[str, ...], _Tag]]]


@lru_cache(maxsize=256)
def _phrases_of(ways: tuple[Way, ...], title: str, names: tuple[str, ...]) -> _Phrases:
    """Every phrase by its first word, the longest first; of equal ones the first named counts."""
    found: dict[tuple[str, ...], _Tag] = {}

    def add(phrases: Sequence[str], kind: str, value: str = "") -> None:
        for phrase in phrases:
            words = tuple(words_of(phrase))
            if words:
                found.setdefault(words, (kind, value))

    for at, way in enumerate(ways, 1):
        add((way.label, way.name, way.name.replace("_", " "), way.name.replace("-", " ")), "strong", way.name)
        if way.name.lower() not in lexicon.APPROVED | lexicon.REJECTED:
            add((str(at), f"option {at}", f"#{at}", f"选项{at}", f"opción {at}"), "strong", way.name)
    yes = next((way.name for way in ways if way.name.lower() in lexicon.APPROVED), "")
    no = next((way.name for way in ways if way.name.lower() in lexicon.REJECTED), "")
    # Where nobody asks for yes or no, these words only go along.
    add(lexicon.STRONG_NO, "strong" if no else "hedge", no)
    add(lexicon.STRONG_YES, "strong" if yes else "filler", yes)
    add(lexicon.WEAK_NO, "weak" if no else "hedge", no)
    add(lexicon.WEAK_YES, "weak" if yes else "filler", yes)
    add(lexicon.AGAINST, "against")
    add(lexicon.HARMLESS, "harmless")
    add(lexicon.HEDGES, "hedge")
    add(lexicon.FILLERS, "filler")
    add([word for text in (title, *names) for word in words_of(text) if word[0].isalnum()], "filler")
    by_first: dict[str, list[tuple[tuple[str, ...], _Tag]]] = {}
    for phrase, tag in found.items():
        by_first.setdefault(phrase[0], []).append((phrase, tag))
    for phrases in by_first.values():
        phrases.sort(key=lambda each: -len(each[0]))
    return by_first


def _tagged(words: Sequence[str], phrases: _Phrases) -> Iterator[tuple[_Tag, str]]:
    at = 0
    while at < len(words):
        for phrase, tag in phrases.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                yield tag, " ".join(phrase)
                at += len(phrase)
                break
        else:
            yield ("unknown", ""), words[at]
            at += 1


def _clause(text: str, phrases: _Phrases) -> _Clause:
    tags = list(_tagged(words_of(text), phrases))
    return _Clause(
        text=text.strip(),
        outcomes=frozenset(tag[1] for tag, _ in tags if tag[0] in ("strong", "weak")),
        is_strong=any(tag[0] == "strong" for tag, _ in tags),
        hedges=tuple(phrase for tag, phrase in tags if tag[0] == "hedge"),
        against=tuple(phrase for tag, phrase in tags if tag[0] == "against"),
        unknown=sum(tag[0] == "unknown" for tag, _ in tags),
        is_harmless=bool(tags) and all(tag[0] in ("harmless", "filler") for tag, _ in tags),
    )
