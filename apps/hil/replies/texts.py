"""What somebody wrote themselves in a mail or a message: without what is quoted, signed or added by programs. Pure."""

from __future__ import annotations

import re
import unicodedata

MARKER = "##- Reply above this line -##"
"""Stands in every mail of ours: whatever comes after it was not written by who answers."""
LONGEST = 10_000
_LONGEST_MARK = 400

# A line that begins the quoted mail, as the programs of several languages write it.
_QUOTE_BEGINS = re.compile(
    r"""^\s*(
        on\s.{4,200}\swrote: | am\s.{4,200}\sschrieb.{0,120}: | el\s.{4,200}\sescribi[oó]: |
        le\s.{4,200}\sa\s[ée]crit\s?: |
        .{0,120}(写道|寫道)[：:] | 在\s?.{2,120}(写|寫).{0,4}[：:] |
        -{2,}\s*(original\s+message|ursprüngliche\s+nachricht|mensaje\s+original|原始邮件|原始郵件|forwarded\s+message|
                 weitergeleitete\s+nachricht|mensaje\s+reenviado)\s*-{0,} |
        _{10,} |
        (from|von|de|发件人|寄件者)\s?[:：]\s.*
    )\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_DATE_WROTE = re.compile(r"^\s*(on|am|el|le)\s.{4,120}$", re.IGNORECASE)
_WROTE = re.compile(r"^\s*.{0,120}(wrote|schrieb|escribi[oó]|a écrit)\s?.{0,80}[:：]\s*$", re.IGNORECASE)
_SIGNED = re.compile(
    r"""^\s*(
        --\s? | —\s? |
        sent\s+(from|with|via)\s.* | get\s+outlook\s+for\s.* | von\s+mein(em|er)\s.*\s+gesendet\.? |
        gesendet\s+(von|mit)\s.* |
        enviado\s+(desde|con)\s.* | (发|發)自.* | 从我的.*发送
    )\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_PARTING = re.compile(
    r"""^\s*(
        (kind|best|warm|many)?\s*(regards|wishes|greetings) | best | cheers | thanks? |
        thank\s+you | many\s+thanks | sincerely | br | rgds |
        (viele|beste|liebe|freundliche|herzliche|schöne)\s+gr(ü|ue)(ß|ss)e |
        mit\s+(freundlichen|besten)\s+gr(ü|ue)(ß|ss)en |
        gr(u|ü)(ß|ss)e? | lg | vg | mfg | danke | vielen\s+dank |
        (un\s+)?(cordial\s+)?saludos?(\s+cordial(es)?)? | atentamente | gracias | (muchas\s+)?gracias |
        此致 | 敬礼 | 谢谢 | 祝好
    )\s*[,.!，。！]*\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_SLACK = re.compile(r"<([@#!][A-Z0-9a-z^]+)(\|[^>]*)?>")
_SLACK_LINK = re.compile(r"<(https?://[^|>]+|mailto:[^|>]+)(\|([^>]*))?>")


def own_words(text: str) -> str:
    """The part of a reply that its writer wrote, cut at 10,000 characters; empty when there is none."""
    text = unicodedata.normalize("NFKC", text[: LONGEST * 4]).replace("\r\n", "\n").replace("\r", "\n")
    text = text.partition(MARKER)[0]
    kept: list[str] = []
    lines = text.split("\n")
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        wraps = _DATE_WROTE.match(line) and _WROTE.match(following)
        if len(line) <= _LONGEST_MARK and (_QUOTE_BEGINS.match(line) or wraps or _SIGNED.match(line)):
            break
        if not line.lstrip().startswith((">", "|")):
            kept.append(line)
    return "\n".join(_without_parting(kept)).strip()[:LONGEST]


def _without_parting(lines: list[str]) -> list[str]:
    """Without "Best regards" and the name below it; what stands alone ("Thanks") stays."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    for at in filled[-7:][::-1]:
        below = [lines[each] for each in filled if each > at]
        if at != filled[0] and _PARTING.match(lines[at]) and all(len(each) <= 80 for each in below):
            return lines[:at]
    return lines


def of_slack(text: str) -> str:
    """A Slack message as plain words: mentions gone, links by their names, the three escapes undone."""
    text = _SLACK_LINK.sub(lambda found: found[3] or found[1], _SLACK.sub(" ", text))
    return " ".join(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split(" ")).strip()
