"""What can be done to questions: ask, answer, hand on, remind, let go. Each is one transaction.

**The seam for channels** (`apps.hil.channels`, and whatever else sends questions or brings answers)

*Who is asked* are rows of `Ask`: one per member, e-mail address or Slack user of a question. A channel writes to those
whose `status` is `asked`, where `ask.channels`, or else `interaction.channels`, says (both are the channels' own JSON,
from the node's parameter `channels`; `AskHuman.channels` carries it here untouched). A question whose `has_asks` is
false is put to everybody in the workspace who may answer: it has no rows of `Ask` of its own making.

*What happens* is told by events (`core.events`), each a row of the same transaction; `subject_id` is the question's id,
`data` always has `workflow_id`:

| event                 | data besides                   | a channel then                                             |
|-----------------------|--------------------------------|------------------------------------------------------------|
| `question.asked`      | `ask_ids`                      | writes to these people (empty: everybody, has_asks false)  |
| `question.asked_more` | `ask_ids`, `reason`            | writes to these, too: next (in the sequence), delegated    |
| `question.reminded`   | `ask_ids`, `share` (% of time) | reminds those who have not answered                        |
| `question.escalated`  | `ask_ids`, `step`, `channels`  | writes to these, too; `channels`: to all, by these instead |
| `question.voted`      | `vote_id`                      | updates its messages: `interaction.progress`               |
| `question.passed`     | `ask_id`                       | updates the message of whoever handed it on                |
| `question.decided`    | `outcome`                      | updates all messages: who, when, what                      |
| `question.timed_out`  | `outcome`                      | updates all messages: what happened instead                |
| `question.withdrawn`  | `outcome`                      | updates all messages: nobody is asked any more             |

*Answers* go through `interaction_answer` whatever way they came. Say who answers with an `Answerer`:
`Answerer.of(actor, via)` for a signed-in member or a key, `Answerer.asked(ask, via)` for somebody known by where they
were written to (a mail's sender, a Slack user; pass `user` when they were found to be a member), and
`interaction_answer_by_link(link=…)` for the holder of a link. `evidence` (JSON) is kept with the vote: scores, and the
quote that was understood; `is_in_words=True` says that words were read, which a question with `needs_button` refuses.
The question that comes back may still be pending: then `progress` says how many more must answer.
What cannot be is refused with an error of `apps.hil.errors`, each fit to be shown.

*Links*: `interaction_link_create(…, ask=ask)` makes a link for somebody who is asked (`Assurance.RECIPIENT`); without
`ask` it is good for anyone who has it.

*Delivery*: `entry_add` writes a line of the question's record ("E-mail to Jonas Weber delivered"), `ask_opened` that
somebody looked, and `interaction_give_up` ends a question nobody could be reached for: the run goes on by
`undeliverable` (or fails, as its author chose).
"""

from __future__ import annotations

from apps.hil.services.answerers import Answerer
from apps.hil.services.answering import interaction_answer, interaction_answer_by_link, objection, refusal
from apps.hil.services.asking import REVIEW_OUTCOMES, interaction_open, review_open
from apps.hil.services.closing import interaction_give_up, interaction_time_out, interaction_withdraw
from apps.hil.services.delegating import interaction_delegate
from apps.hil.services.linking import LINK_LIFETIME, CreatedLink, interaction_link_create, link_find
from apps.hil.services.recording import ask_opened, entry_add
from apps.hil.services.settings import absence_add, absence_end, hours_set
from apps.hil.services.timing import pump, timers_fire

__all__ = [
    "LINK_LIFETIME",
    "REVIEW_OUTCOMES",
    "Answerer",
    "CreatedLink",
    "absence_add",
    "absence_end",
    "ask_opened",
    "entry_add",
    "hours_set",
    "interaction_answer",
    "interaction_answer_by_link",
    "interaction_delegate",
    "interaction_give_up",
    "interaction_link_create",
    "interaction_open",
    "interaction_time_out",
    "interaction_withdraw",
    "link_find",
    "objection",
    "pump",
    "refusal",
    "review_open",
    "timers_fire",
]
