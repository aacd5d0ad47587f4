"""The words by which people agree, refuse and hesitate, in English, German, Spanish and Chinese. Pure data.

A phrase counts as a whole only. What hesitates is listed generously: a needless question back costs a moment, a wrong
approval cannot be taken back.
"""

from __future__ import annotations

APPROVED = frozenset({"approved", "approve", "accepted", "accept", "yes", "confirmed", "confirm", "ok"})
REJECTED = frozenset({"rejected", "reject", "declined", "decline", "no", "denied", "deny", "refused", "refuse"})
"""Names of outcomes that mean yes and no, whatever stands on their buttons."""


def _phrases(*lines: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for line in lines for phrase in line.split("|") if phrase.strip())


STRONG_YES = _phrases(
    "kann freigegeben werden | kann genehmigt werden | aus meiner sicht genehmigt | 准了 | 批了",
    "happy to approve | i'm happy to approve | approved from my end | approved on my end | i am approving",
    "i'm approving | approved | approve | i approve | i hereby approve | i do approve | approval granted",
    "approval given | i confirm | confirmed | you have my approval | you've got my approval | has my approval",
    "you have my ok | you have my go | this is approved | it is approved | it's approved | that is approved",
    "order is approved | request is approved | green light | greenlight | you have the green light",
    "please proceed | go ahead | please go ahead | go for it | please approve | accepted | i accept | signed off",
    "i sign off | sign off | lgtm | looks good to me | ship it | i agree | agreed | yes approve | yes approved",
    "yes please | yes go ahead | yes please go ahead | genehmigt | genehmige ich | ich genehmige | ist genehmigt",
    "freigegeben | ich gebe frei | gebe ich frei | freigabe erteilt | bestätigt | ich bestätige | zugestimmt",
    "ich stimme zu | stimme zu | stimme ich zu | einverstanden | bin einverstanden | ich bin einverstanden",
    "gerne freigeben | bitte freigeben | bitte genehmigen | grünes licht | du hast grünes licht",
    "sie haben grünes licht | meine zustimmung haben sie | passt für mich | geht klar | aprobado | aprobada",
    "lo apruebo | la apruebo | apruebo | queda aprobado | queda aprobada | autorizado | autorizada | lo autorizo",
    "autorizo | confirmado | lo confirmo | confirmo | adelante | de acuerdo | estoy de acuerdo | conforme",
    "tienes mi aprobación | tiene mi aprobación | visto bueno | tiene mi visto bueno | 同意 | 我同意 | 批准",
    "已批准 | 我批准 | 予以批准 | 通过 | 审批通过 | 核准 | 已同意 | 准许 | 确认批准 | 没问题 批准",
)
WEAK_YES = _phrases(
    "y | i'm fine with | i am fine with | that's fine | this is fine | that is fine | yes | yep | yeah | yup | ok",
    "okay | k | sure | sure thing | of course | fine | fine by me | fine with me | sounds good | looks good",
    "good to go | absolutely | definitely | certainly | do it | please do | works for me | ja | jo | jawohl",
    "klar | na klar | gern | gerne | passt | in ordnung | ja bitte | ja gerne | ja klar | mach das",
    "machen sie das | selbstverständlich | sí | si | vale | claro | claro que sí | por supuesto | dale | hágalo",
    "hazlo | 好 | 好的 | 可以 | 行 | 行的 | 没问题 | 是 | 是的 | 可以的 | 当然 | 当然可以 | 👍 | ✅ | 👌 | :+1:",
    ":thumbsup: | :white_check_mark: | +1",
)
STRONG_NO = _phrases(
    "i must decline | i must reject | i have to reject | leider abgelehnt | unfortunately rejected",
    "sorry rejected | not ok | not okay | nicht ok | nicht okay | not fine | i'm rejecting | i am rejecting",
    "i have to decline | veto | absage | rejected | reject | i reject | declined | decline | i decline | denied",
    "deny | refused | i refuse | not approved | do not approve | don't approve | i do not approve",
    "i don't approve | please reject | please decline | please don't | please do not | not approve | no approval",
    "disapproved | i disapprove | do not proceed | don't proceed | disagree | i disagree | i do not agree",
    "i don't agree | no way | absolutely not | definitely not | certainly not | no go | please do not approve",
    "please don't approve | please do not proceed | do not do it | don't do it | thumbs down | abgelehnt",
    "lehne ich ab | ich lehne ab | lehne ab | ablehnen | bitte ablehnen | nicht genehmigt | genehmige ich nicht",
    "ich genehmige nicht | nicht freigegeben | nicht einverstanden | bin nicht einverstanden | stimme nicht zu",
    "ich bin nicht einverstanden | ich stimme nicht zu | auf keinen fall | keine freigabe | keine genehmigung",
    "wird abgelehnt | rechazado | rechazada | lo rechazo | la rechazo | rechazo | no apruebo | no lo apruebo",
    "no aprobado | no aprobada | denegado | denegada | no autorizo | no autorizado | no lo autorizo",
    "no estoy de acuerdo | en absoluto | de ninguna manera | 拒绝 | 我拒绝 | 不同意 | 我不同意 | 不批准",
    "不予批准 | 驳回 | 否决 | 不通过 | 不可以 | 不行 | 不准 | 审批不通过",
)
WEAK_NO = _phrases(
    "n | no | nope | nah | no thanks | no thank you | no please | nein | nein danke | nee | nö | lieber nicht",
    "no gracias | mejor no | 不 | 不要 | 不用 | 否 | 不是 | 👎 | ❌ | :-1: | :thumbsdown: | :x: | -1",
)

# Clears the way for what counts: greetings, thanks, objects.
FILLERS = _phrases(
    "pls | plz | perfecto | perfect | super | my end | from my end | on my end | hi | hello | hey | dear",
    "dear all | dear team | team | all | morning | good morning | good afternoon | good evening | thanks",
    "thank you | thanks a lot | many thanks | thank you very much | thx | ty | cheers | please | kindly | this",
    "it | that | this one | the | my | our | your | order | the order | this order | request | this request",
    "the request | purchase | invoice | payment | expense | from my side | from me | on my side | on my part",
    "by me | from our side | best | regards | best regards | kind regards | mine | my answer | answer",
    "my answer is | my decision | decision | my vote | i | we | so | then | well | just | i choose | i pick",
    "i select | i take | i'd go with | i go with | go with | let's go with | lets go with | let us go with",
    "let's do | let's use | let's take | take | use | please use | choose | option | choice | number",
    "my choice is | i vote for | vote for | vote | consider it | consider this | hallo | guten tag | guten morgen",
    "moin | servus | liebe | lieber | danke | dankeschön | danke schön | vielen dank | danke dir | danke ihnen",
    "bitte | das | die | den | der | diese | dieser | dies | bestellung | anfrage | rechnung | von mir",
    "von meiner seite | meinerseits | von uns | aus meiner sicht | hiermit | ich nehme | wir nehmen | nehmen wir",
    "gruß | grüße | viele grüße | beste grüße | lg | vg | mfg | ich | wir | sehr geehrte damen und herren",
    "freundliche grüße | hola | buenos días | buenas tardes | buenas | gracias | muchas gracias | por favor | el",
    "la | lo | este | esta | esto | pedido | solicitud | factura | compra | por mi parte | de mi parte | saludos",
    "un saludo | estimado | mi respuesta es | elijo | elegimos | opción | prefiero | la opción | 你好 | 您好",
    "谢谢 | 多谢 | 感谢 | 请 | 麻烦 | 了 | 的 | 这个 | 这笔 | 订单 | 申请 | 我 | 我们 | 选 | 我选 | 选择 | 我选择",
    "方案 | 🙂 | 😊 | 😀 | 🙏 | 🎉 | 🚀 | :) | :-) | ;) | 😉",
)

# After any of these nothing is plain any more.
HEDGES = _phrases(
    "不能不 | 没说不 | 不反对 | 不一定 | in principle | im prinzip | grundsätzlich | en principio | 原则上",
    "ja ja | jaja | yeah yeah | yeah right | ok ok | yes yes | not yet | not now | 不是不 | 不是不可以 | 不是不行",
    "不是不同意 | but | if | only | unless | except | however | although | though | once | until | till | after",
    "before | when | while | provided | providing | as long as | on condition | conditional | condition",
    "conditionally | subject to | pending | depends | depending | maybe | perhaps | probably | possibly | guess",
    "think | thought | believe | suppose | assume | assuming | might | may | could | should | would | can | can't",
    "cannot | couldn't | wouldn't | shouldn't | must | need | needs | needed | not | isn't | aren't | wasn't",
    "don't | doesn't | didn't | won't | haven't | hasn't | n't | never | none | nothing | neither | nor | instead",
    "rather | change | changed | changes | reduce | reduced | limit | max | maximum | up to | at most | less",
    "without | partly | partially | partial | half | some | first | later | tomorrow | next | wait | hold",
    "on hold | hold on | pause | stop | question | questions | why | what | which | who | how | where | unsure",
    "sure about | not sure | no idea | don't know | let me | i'll | i will | will | going to | get back",
    "come back | check | checking | discuss | ask | asked | asking | review | reviewing | looking into",
    "look into | busy | meeting | vacation | holiday | away | sick | forward | forwarded | forwarding",
    "unfortunately | sorry | hesitant | hesitate | reluctant | reluctantly | almost | nearly | already",
    "yesterday | last | ago | was | were | has been | had | have been | did | would have | wrong | mistake",
    "cancel | withdraw | revoke | nevermind | never mind | ignore | disregard | otherwise | or | versus | vs",
    "either | whether | sarcasm | lol | haha | joke | kidding | aber | wenn | falls | nur | sofern | solange",
    "sobald | erst | außer | ausser | vorausgesetzt | bedingung | unter der bedingung | allerdings | jedoch",
    "obwohl | vielleicht | eventuell | evtl | wahrscheinlich | vermutlich | glaube | denke | meine ich | könnte",
    "könnten | sollte | sollten | würde | müsste | muss | müssen | brauche | noch | nicht | kein | keine | keinen",
    "nie | statt | stattdessen | lieber | ändern | änderung | maximal | höchstens | ohne | teilweise | später",
    "morgen | warten | warte | frage | fragen | warum | wieso | was | welche | wer | wie | wo | unsicher",
    "weiß nicht | prüfe | prüfen | melde mich | kläre | klären | urlaub | besprechung | leider | gestern",
    "bereits | schon | hatte | war | wurde | oder | entweder | zuerst | weiter | pero | si no | solo | sólo",
    "solamente | siempre que | a menos | excepto | salvo | cuando | hasta | después | antes | aunque | quizás",
    "quizá | tal vez | creo | pienso | supongo | podría | debería | habría | hay que | necesito | falta | nunca",
    "nada | cambiar | cambio | máximo | sin | parcialmente | mañana | espera | esperar | espere | pregunta | duda",
    "dudas | por qué | qué | cuál | quién | cómo | dónde | no sé | reviso | revisar | consultar | vacaciones",
    "reunión | lamentablemente | ayer | ya | fue | era | o | en cambio | primero | condición | no | 但 | 但是",
    "如果 | 只 | 只有 | 除非 | 不过 | 可是 | 等 | 先 | 再 | 之后 | 以后 | 之前 | 也许 | 可能 | 或许 | 大概 | 应该",
    "需要 | 觉得 | 认为 | 吗 | 什么 | 为什么 | 怎么 | 哪 | 谁 | 多少 | 问题 | 问一下 | 改 | 修改 | 最多 | 部分",
    "明天 | 晚点 | 稍后 | 考虑 | 看看 | 不 | 没 | 未 | 还是 | 或者 | 条件 | 前提 | 暂时 | 昨天 | 已经 | 呢 | 休假",
    "会议 | 商量 | 讨论 | 检查 | 🤔 | 😕 | 😬 | 🙃 | 😂 | 🤷",
)

# Said at leisure after a plain answer; stands for itself and takes nothing back.
HARMLESS = _phrases(
    "no concerns | no further questions | no questions | no objections | no issues | no problem | not a problem",
    "no worries | nothing to add | good customer | thank you for asking | thanks for checking | looks good",
    "looks great | all good | good work | great work | nice work | well done | have a nice day | have a good day",
    "have a great day | have a nice weekend | keine fragen | keine einwände | kein problem | alles gut",
    "sieht gut aus | gute arbeit | schönen tag | schönes wochenende | sin comentarios | sin objeciones",
    "sin problema | buen trabajo | todo bien | buen día | 没问题 | 辛苦了 | 没有问题 | 没有意见",
)

# Speaks against it: goes along with a no, and takes a yes back.
AGAINST = _phrases(
    "too expensive | too much | too high | too late | too risky | too many | over budget | out of budget",
    "not in budget | no budget | not needed | not necessary | zu teuer | zu hoch | zu viel | zu spät",
    "kein budget | nicht nötig | demasiado caro | muy caro | demasiado | sin presupuesto | no hace falta | 太贵",
    "太贵了 | 太多 | 太晚 | 超预算 | 没有预算",
)

GREETINGS = frozenset(
    _phrases(
        "hi | hello | hey | dear | good | hallo | moin | servus | liebe | lieber | guten | sehr | hola | buenos",
        "buenas",
        "estimado | estimada | 你 | 您",
    )
)

# A title that asks to refuse something: "yes" and "rejected" could both mean either.
TURNS_ROUND = frozenset(
    _phrases(
        "reject | decline | deny | refuse | refusal | rejection | stop | cancel | block | prevent | disable | revoke",
        "withdraw | abort | not | don't | without | ablehnen | ablehnung | abbrechen | stoppen | sperren | nicht",
        "kein",
        "keine | rechazar | denegar | cancelar | bloquear | detener | no | 拒绝 | 驳回 | 取消 | 停止 | 不 | 否决",
    )
)

AWAY = _phrases(
    "out of office | out of the office | automatic reply | auto reply | auto-reply | autoreply",
    "automated response | ooo | on vacation | on annual leave | on leave | parental leave | maternity leave",
    "away from my desk | away from the office | limited access to email | limited access to my email",
    "will respond when i return | i am currently away | i'm currently away | currently out | back in the office",
    "this is an automated | automatically generated | do not reply to this | abwesenheitsnotiz",
    "automatische antwort | nicht im büro | nicht im haus | im urlaub | außer haus | bin abwesend | elternzeit",
    "ab dem | zurück im büro | dies ist eine automatische | wird nicht weitergeleitet | fuera de la oficina",
    "fuera de oficina | respuesta automática | de vacaciones | estaré ausente | estoy ausente | 自动回复",
    "自動回覆 | 不在办公室 | 休假中 | 外出中 | 正在休假 | 出差中 | delivery status notification | undeliverable",
    "mail delivery failed | delivery has failed | returned mail | unzustellbar | could not be delivered",
    "address not found | mailbox full | mailbox is full | read receipt | has been read | unsubscribe",
    "ticket has been created | we have received your request | your request has been received | case number",
)
