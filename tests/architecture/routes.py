"""Every route of the product, and what each of the cast gets there. A route without a row fails the build.

Add a row per method: `Route("GET", "/api/v1/app/things/{thing}/", alice=200, bob=200, charlie=404, anonymous=401)`.
Write the path as it is in the URL configuration, with braces for its parameters; `FILL` says what stands for them:
a function of the cast that makes the thing in alice's workspace and gives its id. `body` is sent as JSON to the API and
as a form to pages. Charlie always names alice's workspace: an outsider who knows its name and its ids.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.accounts import services
from apps.accounts.models import Invitation, Membership, Notice
from apps.accounts.services.invitations import token_of
from apps.ai import services as ai
from apps.ai.ledger import budgets as ai_budgets
from apps.ai.ledger.budgets import Wanted as WantedBudget
from apps.ai.models import MemoryMessage
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.outbox import message_put
from apps.core.tenancy import tenant
from apps.executions import redrives
from apps.executions import services as executions
from apps.executions.artifacts import Artifacts
from apps.executions.models import Circuit
from apps.integrations import services as integrations
from apps.nodes.contract import ModelRef
from apps.triggers.deliveries import Arrival, Outcome, note
from apps.triggers.events import event_post
from apps.triggers.inbox import Wanted
from apps.triggers.models import Delivery
from apps.triggers.replays import replay_start
from apps.workflows import services as workflows
from apps.workflows import variables
from apps.workflows.arranging import folder_create
from tests.ai.connecting import connect
from tests.ai.memory.remembering import remembered
from tests.cast import Cast
from tests.executions.keeping import keep
from tests.hil import asking
from tests.workflows import definitions


@dataclass(frozen=True)
class Route:
    """One method of one route and its four answers."""

    method: str
    path: str
    alice: int
    bob: int
    charlie: int
    anonymous: int
    body: Any = None
    query: str = ""
    is_asynchronous: bool = False  # the view is: it sees committed rows only


# ── What stands for a parameter ──────────────────────────────────────────────────────────────────────────────────────


def membership(cast: Cast) -> UUID:
    """A third member, whom nobody misses."""
    return services.member_add(workspace=cast.workspace, email="dora@example.com", role="viewer", actor=cast.owner).id


def invitation(cast: Cast) -> UUID:
    """Somebody asked into alice's workspace, long enough ago to be asked again."""
    made = invited(cast)
    with tenant(cast.workspace.id):
        Invitation.objects.filter(id=made.id).update(sent_at=clock.now() - timedelta(hours=1))
    return made.id


def invitation_token(cast: Cast) -> str:
    """The link of an invitation."""
    return token_of(invited(cast))


def invited(cast: Cast) -> Invitation:
    """Erin, asked in by alice."""
    (each,) = services.invitations_create(
        workspace=cast.workspace, emails=["erin@example.com"], role="member", actor=cast.owner
    )
    assert each.invitation is not None
    return each.invitation


def api_key(cast: Cast) -> UUID:
    """A key of alice's workspace."""
    return services.api_key_create(workspace=cast.workspace, name="Route", actor=cast.owner).key.id


def sign_in_token(cast: Cast) -> str:
    """A link that signs bob in."""
    with tenant(cast.workspace.id):
        bob = Membership.objects.select_related("user").get(user=cast.bob).user
        return services.sign_in_link_create(workspace=cast.workspace, user=bob, actor=cast.owner)


def ai_budget(cast: Cast) -> UUID:
    """A budget of alice's workspace."""
    wanted = WantedBudget("Models", "workspace", "month", limit_usd=Decimal(20))
    return ai_budgets.budget_create(workspace_id=cast.workspace.id, actor=cast.owner, wanted=wanted, now=clock.now()).id


def interaction(cast: Cast) -> UUID:
    """A question in alice's workspace that waits for an answer."""
    return asking.ask(cast.workspace).id


def asking_execution(cast: Cast) -> UUID:
    """An execution with one open question."""
    return asking.ask(cast.workspace).execution_id


def ended_execution(cast: Cast) -> UUID:
    """An execution that was cancelled."""
    found = asking.park(cast.workspace)
    executions.execution_cancel(workspace_id=cast.workspace.id, execution_id=found, now=clock.now(), by="alice")
    return found


def redrive(cast: Cast) -> UUID:
    """A job that has one execution to redrive."""
    wanted = redrives.Wanted(ids=(ended_execution(cast),))
    started = redrives.redrive_start(workspace_id=cast.workspace.id, actor=cast.owner, wanted=wanted, now=clock.now())
    return started.id


def telling_execution(cast: Cast) -> UUID:
    """An execution of whose end somebody is told."""
    found = asking_execution(cast)
    with tenant(cast.workspace.id):
        message_put(
            workspace_id=cast.workspace.id, channel="completion", subject_id=found, target="there", now=clock.now()
        )
    return found


def artifact(cast: Cast) -> UUID:
    """A file that an execution kept."""
    execution = asking_execution(cast)
    kept = Artifacts(cast.workspace.id, uuid7(), execution, "node", "").put(b"1", name="one.txt")
    return UUID(kept["id"])


def circuit(cast: Cast) -> UUID:
    """A system that is left alone."""
    with tenant(cast.workspace.id):
        made = Circuit.objects.create(
            workspace=cast.workspace, target="api.example.com:443", state="open", failures=5, changed_at=clock.now()
        )
    return made.id


def notice(cast: Cast) -> UUID:
    """Something alice was told."""
    telling = services.Telling(kind="limit.reached", key="queue", title="The queue is full", url="/w/acme/")
    with tenant(cast.workspace.id):
        services.notice_put(workspace_id=cast.workspace.id, telling=telling, now=clock.now(), to=[cast.alice.id])
        return Notice.objects.get(user=cast.alice).id


def interaction_token(cast: Cast) -> str:
    """A link by which somebody outside can answer."""
    return asking.link_token(cast.workspace, cast.owner)


def workflow(cast: Cast) -> UUID:
    """An active workflow that a webhook starts."""
    made = workflows.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=definitions.small()
    )
    workflows.workflow_activate(workspace_id=cast.workspace.id, workflow_id=made.id, actor=cast.owner)
    return made.id


def value(cast: Cast) -> UUID:
    """Something a workflow keeps."""
    return keep(cast.workspace, "count", 1)


def memory(cast: Cast) -> UUID:
    """What an agent remembers."""
    return remembered(cast.workspace).id


def memory_entry(cast: Cast) -> UUID:
    """A message in it."""
    session = remembered(cast.workspace)
    with tenant(cast.workspace.id):
        return MemoryMessage.objects.filter(session=session).latest("seq").id


def folder(cast: Cast) -> UUID:
    """A folder of workflows."""
    return folder_create(workspace_id=cast.workspace.id, actor=cast.owner, path="Finance/Invoices").id


def variable(cast: Cast) -> UUID:
    """A setting that expressions read."""
    return variables.variable_create(
        workspace_id=cast.workspace.id, actor=cast.owner, key="region", value="eu-central"
    ).id


def account(cast: Cast) -> UUID:
    """A credential that somebody connects by signing in elsewhere."""
    fields = {
        "authorize_url": "https://login.example.com/",
        "token_url": "https://login.example.com/t",
        "client_id": "c",
    }
    return integrations.credential_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name="Account", type="oauth2", fields=fields
    ).id


def credential(cast: Cast) -> UUID:
    """A token of the workspace."""
    return integrations.credential_create(workspace_id=cast.workspace.id, actor=cast.owner, **TOKEN).id


def event(cast: Cast) -> UUID:
    """Something that was posted to alice's workspace."""
    return event_post(
        workspace_id=cast.workspace.id, name="order.paid", data=None, by="alice", now=clock.now(), external_id=None
    ).event.id


def delivery(cast: Cast) -> UUID:
    """Something that arrived for an active workflow and was refused."""
    made = workflow(cast)
    note(
        Arrival("webhook", "POST /orders", request={"body": {"id": 1}}),
        Outcome("limited", "core.too_many_requests", "Too many.", 429),
        workspace_id=cast.workspace.id,
        workflow_id=made,
        node_id="hook",
    )
    with tenant(cast.workspace.id):
        return Delivery.objects.values_list("id", flat=True).get(workflow_id=made)


def replay(cast: Cast) -> UUID:
    """A job that has one delivery to replay."""
    wanted = Wanted(ids=(delivery(cast),))
    return replay_start(workspace_id=cast.workspace.id, actor=cast.owner, wanted=wanted, now=clock.now()).id


def ollama(cast: Cast) -> UUID:
    """An Ollama server that nobody reaches."""
    return connect(cast, "ollama").id


def comparison(cast: Cast) -> UUID:
    """One prompt that waits for its model."""
    connect(cast, "custom")
    models = [ModelRef(provider="custom", model="small")]
    return ai.comparison_start(workspace_id=cast.workspace.id, actor=cast.owner, models=models, prompt="Hello?").id


FILL: dict[str, Callable[[Cast], object]] = {
    "vendor": lambda cast: "slack",
    "kind": lambda cast: "webhook",
    "workspace": lambda cast: cast.workspace.slug,
    "/api/v1/app/members/{pk}/": membership,
    "/api/v1/app/invitations/{pk}/": invitation,
    "/api/v1/app/invitations/{pk}/resend/": invitation,
    "invitation": invitation,
    "/join/{token}/": invitation_token,
    "slug": lambda cast: "never-was",
    "tour": lambda cast: "editor",
    "user": lambda cast: cast.bob.id,
    "version": lambda cast: "none",
    "/api/v1/app/keys/{pk}/": api_key,
    "workflow": workflow,
    "execution": asking_execution,
    **{
        f"/api/v1/app/workflows/{{pk}}/{action}": workflow
        for action in (
            "",
            "draft/",
            "sharing/",
            "validate/",
            "publish/",
            "activate/",
            "pause/",
            "archive/",
            "duplicate/",
            "export/",
            "versions/",
            "versions/{number}/",
            "versions/{number}/restore/",
            "test-data/",
            "credentials/",
            "credentials/move/",
            "execute/",
            "test/",
            "data/",
            "preview/",
        )
    },
    **{
        f"/api/v1/app/executions/{{pk}}/{action}": asking_execution
        for action in (
            "",
            "logs/",
            "logs/download/",
            "logs/stream/",
            "response/",
            "cancel/",
            "hold/",
            "release/",
            "continue/",
            "rerun/",
            "events/",
            "iterations/",
            "node-runs/",
            "steps/",
        )
    },
    **{f"/api/v1/app/redrives/{{pk}}/{action}": redrive for action in ("", "cancel/", "items/")},
    **{f"/api/v1/app/artifacts/{{pk}}/{action}": artifact for action in ("", "download/")},
    "/api/v1/app/executions/{pk}/artifacts/": asking_execution,
    "/api/v1/app/executions/{pk}/payloads/{sha256}/": asking_execution,
    "/api/v1/app/executions/{pk}/deliveries/": telling_execution,
    "/api/v1/app/executions/{pk}/deliveries/{delivery}/resend/": telling_execution,
    "/api/v1/app/ai/executions/{pk}/": asking_execution,
    **{f"/api/v1/app/ai/budgets/{{pk}}/{action}": ai_budget for action in ("", "allow/")},
    "budget": ai_budget,
    "delivery": delivery,
    "replay": replay,
    "sha256": lambda cast: "0" * 64,
    "artifact": lambda cast: uuid7(),
    "circuit": circuit,
    "notice": notice,
    **{f"/api/v1/app/notices/{{pk}}/{action}": notice for action in ("", "read/")},
    "/api/v1/app/circuits/{pk}/reset/": circuit,
    "redrive": redrive,
    "number": lambda cast: 1,
    "path": lambda cast: "nothing-listens-here",
    "/api/v1/app/node-types/{pk}/": lambda cast: "IF",
    "membership": membership,
    "key": api_key,
    "interaction": interaction,
    "form": lambda cast: "csv",
    "absence": lambda cast: uuid7(),
    "/api/v1/app/interactions/{pk}/": interaction,
    "/api/v1/app/interactions/{pk}/answer/": interaction,
    **{
        f"/api/v1/app/interactions/{{pk}}/{action}/": interaction
        for action in ("link", "delegate", "withdraw", "history")
    },
    "/api/v1/app/executions/{execution}/resume/": asking_execution,
    "/i/{token}/": interaction_token,
    "/enter/{token}/": sign_in_token,
    "/webhooks/{workspace}/{path}": lambda cast: "nobody/listens",
    "/callbacks/{token}": lambda cast: "a-guess",
    "/api/v1/app/events/{pk}/": event,
    **{f"/api/v1/app/deliveries/{{pk}}/{action}": delivery for action in ("", "replay/")},
    **{f"/api/v1/app/replays/{{pk}}/{action}": replay for action in ("", "cancel/", "items/")},
    "/api/v1/app/workflows/{pk}/triggers/": workflow,
    **{
        f"/api/v1/app/workflows/{{pk}}/triggers/{{node}}/{action}": workflow
        for action in ("", "pause/", "resume/", "try/")
    },
    "node": lambda cast: "hook",
    "/webhooks-test/{workspace}/{path}": lambda cast: "nobody/listens",
    "/api/v1/app/values/{pk}/": value,
    **{
        f"/api/v1/app/ai/memories/{{pk}}/{part}": memory
        for part in ("", "messages/", "facts/", "pieces/", "entries/{entry}/")
    },
    "entry": memory_entry,
    "memory": memory,
    "/api/v1/app/variables/{pk}/": variable,
    "/api/v1/app/folders/{pk}/": folder,
    "folder": folder,
    "variable": variable,
    "credential": credential,
    "connection": account,
    "type": lambda cast: "bearer",
    **{
        f"/api/v1/app/credentials/{{pk}}/{action}": credential
        for action in ("", "test/", "used-by/", "uses/", "sharing/")
    },
    "server": ollama,
    "pull": lambda cast: uuid7(),
    "comparison": comparison,
    **{
        f"/api/v1/app/ai/ollama/{{pk}}/{action}": ollama for action in ("", "pulls/", "pulls/{pull}/cancel/", "delete/")
    },
    **{f"/api/v1/app/ai/compare/{{pk}}/{action}": comparison for action in ("", "cancel/")},
    "/api/v1/app/credential-types/{pk}/": lambda cast: "bearer",
    "value": value,
}
"""By the parameter's name, or by the whole path where a name such as `pk` means different things."""

TOKEN: dict[str, Any] = {
    "name": "Stock",
    "type": "bearer",
    "fields": {"token": "0123456789abcdef"},
    "allow_unverified": True,
}
COMPARED = {"models": [{"provider": "custom", "model": "small"}], "prompt": "Hello?"}
CHOSEN: dict[str, Any] = {"chain": []}
PULLED = {"model": "llama3.2:3b"}
INVITED = {"emails": ["erin@example.com"], "role": "member"}
INVITE_FORM = {"emails": "erin@example.com", "role": "member"}
SHARED = {"others": "view"}
USED = {"others": "use"}
PLACE = {"name": "Acme", "slug": "acme-works"}
DEFINITION = {"definition": definitions.small()}
DRAFT = {"name": "Orders", **DEFINITION}
LOOKED_AT = {"node": "total", "texts": {"params.url": "{{ $json }}"}}
KEY = {"name": "CI", "lifetime": "never"}
FORM = {"name": "Orders", "description": "", "definition": json.dumps(definitions.small()), "draft_revision": "1"}
YES = {"outcome": "approved"}
JONAS = {"recipient": "Jonas Weber"}

ROUTES = [
    # ── doors ──
    Route("GET", "/", alice=302, bob=302, charlie=302, anonymous=302),
    Route("GET", "/enter/{token}/", alice=200, bob=200, charlie=200, anonymous=200),
    Route("POST", "/enter/{token}/", alice=302, bob=302, charlie=302, anonymous=302),
    # Whoever is signed in is asked whether they are meant; nobody makes an account without a password.
    Route("GET", "/join/{token}/", alice=200, bob=200, charlie=200, anonymous=200),
    Route("POST", "/join/{token}/", alice=409, bob=409, charlie=409, anonymous=422, body={"answer": "accept"}),
    Route("GET", "/workspaces/", alice=200, bob=200, charlie=200, anonymous=302),
    Route("POST", "/workspaces/", alice=302, bob=302, charlie=302, anonymous=302, body={"name": "More"}),
    Route("POST", "/workspaces/{slug}/open/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("GET", "/api/v1/schema/", alice=200, bob=200, charlie=200, anonymous=200),
    Route("GET", "/api/v1/docs/", alice=200, bob=200, charlie=200, anonymous=200),
    Route("GET", "/metrics", alice=404, bob=404, charlie=404, anonymous=404),
    Route("GET", "/docs/errors", alice=200, bob=200, charlie=200, anonymous=200),
    # Both are for people without a session; what the bodies must hold is tried in tests/accounts/test_tokens.py.
    Route("POST", "/api/v1/auth/token/", alice=400, bob=400, charlie=400, anonymous=400),
    Route("DELETE", "/api/v1/auth/token/", alice=401, bob=401, charlie=401, anonymous=401),
    Route("POST", "/api/v1/auth/token/refresh/", alice=400, bob=400, charlie=400, anonymous=400),
    # ── accounts, API ──
    Route("GET", "/api/v1/app/me/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/members/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/members/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/members/{pk}/", alice=200, bob=403, charlie=404, anonymous=401, body={"role": "admin"}),
    Route("DELETE", "/api/v1/app/members/{pk}/", alice=204, bob=403, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/me/", alice=200, bob=200, charlie=404, anonymous=401, body={"name": "N"}),
    Route("GET", "/api/v1/app/roles/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/invitations/", alice=200, bob=403, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/invitations/", alice=201, bob=403, charlie=404, anonymous=401, body=INVITED),
    Route("GET", "/api/v1/app/invitations/{pk}/", alice=200, bob=403, charlie=404, anonymous=401),
    Route("DELETE", "/api/v1/app/invitations/{pk}/", alice=204, bob=403, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/invitations/{pk}/resend/", alice=200, bob=403, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workspaces/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workspaces/", alice=201, bob=201, charlie=404, anonymous=401, body={"name": "More"}),
    Route("GET", "/api/v1/app/workspace/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/workspace/", alice=200, bob=403, charlie=404, anonymous=401, body=PLACE),
    Route(
        "POST",
        "/api/v1/app/workspace/close/",
        alice=204,
        bob=403,
        charlie=404,
        anonymous=401,
        body={"confirmation": "acme"},
    ),
    # Alice is the last owner.
    Route("POST", "/api/v1/app/workspace/leave/", alice=409, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/workspace/hand-over/",
        alice=404,
        bob=403,
        charlie=404,
        anonymous=401,
        body={"member": str(uuid7())},
    ),
    Route("GET", "/api/v1/app/keys/", alice=200, bob=403, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/keys/", alice=201, bob=403, charlie=404, anonymous=401, body={"name": "CI"}),
    Route("GET", "/api/v1/app/keys/{pk}/", alice=200, bob=403, charlie=404, anonymous=401),
    Route("DELETE", "/api/v1/app/keys/{pk}/", alice=204, bob=403, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/audit-events/", alice=200, bob=403, charlie=404, anonymous=401),
    Route(
        "GET",
        "/api/v1/app/audit-events/export/",
        alice=200,
        bob=403,
        charlie=404,
        anonymous=401,
        query="format=json&workspace=acme",
        is_asynchronous=True,
    ),
    # ── accounts, pages ──
    Route("GET", "/w/{workspace}/settings/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/members/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/members/invite/", alice=200, bob=403, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/members/invite/",
        alice=201,
        bob=403,
        charlie=404,
        anonymous=302,
        body=INVITE_FORM,
    ),
    Route(
        "POST",
        "/w/{workspace}/settings/invitations/{invitation}/resend/",
        alice=201,
        bob=403,
        charlie=404,
        anonymous=302,
    ),
    Route(
        "POST",
        "/w/{workspace}/settings/invitations/{invitation}/revoke/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
    ),
    Route("GET", "/w/{workspace}/settings/roles/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/people/{user}/picture/{version}/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/workspace/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/workspace/", alice=302, bob=403, charlie=404, anonymous=302, body=PLACE),
    Route("POST", "/w/{workspace}/settings/workspace/leave/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/workspace/hand-over/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/workspace/close/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/tours/{tour}/seen/", alice=204, bob=204, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/profile/picture/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/profile/delete/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/notifications/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/notifications/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/sessions/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/sessions/", alice=302, bob=302, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/members/{membership}/role/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"role": "admin"},
    ),
    Route(
        "POST", "/w/{workspace}/settings/members/{membership}/remove/", alice=302, bob=403, charlie=404, anonymous=302
    ),
    Route("GET", "/w/{workspace}/settings/keys/", alice=200, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/keys/", alice=201, bob=403, charlie=404, anonymous=302, body=KEY),
    Route("POST", "/w/{workspace}/settings/keys/{key}/revoke/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/limits/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/limits/", alice=302, bob=403, charlie=404, anonymous=302, body={}),
    Route(
        "POST",
        "/w/{workspace}/settings/limits/circuits/{circuit}/reset/",
        alice=302,
        bob=302,
        charlie=404,
        anonymous=302,
    ),
    Route("GET", "/w/{workspace}/settings/security/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/sign-in/", alice=200, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/sign-in/", alice=302, bob=403, charlie=404, anonymous=302, body={}),
    Route("GET", "/w/{workspace}/settings/audit/", alice=200, bob=403, charlie=404, anonymous=302, query="verify=1"),
    Route("GET", "/w/{workspace}/settings/profile/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/settings/profile/", alice=302, bob=302, charlie=404, anonymous=302, body={"name": "N"}
    ),
    # ── notices: everybody's own ──
    Route("GET", "/api/v1/app/notices/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/notices/read/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/notices/{pk}/", alice=200, bob=404, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/notices/{pk}/read/", alice=200, bob=404, charlie=404, anonymous=401),
    Route("GET", "/w/{workspace}/notifications/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/notifications/bell/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/notifications/read/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/notifications/{notice}/", alice=302, bob=404, charlie=404, anonymous=302),
    # ── nodes and workflows, API ──
    Route("GET", "/api/v1/app/node-types/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/expression-language/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/node-types/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/", alice=201, bob=201, charlie=404, anonymous=401, body={"name": "N"}),
    Route("POST", "/api/v1/app/workflows/validate/", alice=200, bob=200, charlie=404, anonymous=401, body=DEFINITION),
    Route(
        "POST",
        "/api/v1/app/workflows/import/",
        alice=201,
        bob=201,
        charlie=404,
        anonymous=401,
        body={"document": DEFINITION["definition"]},
    ),
    Route(
        "POST",
        "/api/v1/app/workflows/convert/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body={"document": DEFINITION["definition"]},
    ),
    Route("GET", "/api/v1/app/workflows/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PUT", "/api/v1/app/workflows/{pk}/", alice=200, bob=200, charlie=404, anonymous=401, body=DRAFT),
    Route("PATCH", "/api/v1/app/workflows/{pk}/", alice=200, bob=200, charlie=404, anonymous=401, body={"name": "N"}),
    Route("DELETE", "/api/v1/app/workflows/{pk}/", alice=204, bob=204, charlie=404, anonymous=401),
    Route(
        "PUT",
        "/api/v1/app/workflows/{pk}/draft/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body=DEFINITION | {"draft_revision": 1},
    ),
    Route("POST", "/api/v1/app/workflows/{pk}/validate/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/{pk}/sharing/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PUT", "/api/v1/app/workflows/{pk}/sharing/", alice=200, bob=200, charlie=404, anonymous=401, body=SHARED),
    Route("POST", "/api/v1/app/workflows/{pk}/publish/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/activate/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/pause/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/archive/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/duplicate/", alice=201, bob=201, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/{pk}/export/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/{pk}/versions/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/{pk}/versions/{number}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST", "/api/v1/app/workflows/{pk}/versions/{number}/restore/", alice=200, bob=200, charlie=404, anonymous=401
    ),
    Route("GET", "/api/v1/app/workflows/{pk}/test-data/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/{pk}/credentials/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/workflows/{pk}/credentials/",
        alice=400,
        bob=400,
        charlie=404,
        anonymous=401,
        body={"path": "nodes[0].params.nothing", "credential": None},
    ),
    Route(
        "POST",
        "/api/v1/app/workflows/{pk}/credentials/move/",
        alice=400,
        bob=400,
        charlie=404,
        anonymous=401,
        body={"path": "nodes[0].params.nothing", "name": "N"},
    ),
    Route("POST", "/api/v1/app/workflows/{pk}/execute/", alice=201, bob=201, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/test/", alice=201, bob=201, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/workflows/{pk}/data/", alice=400, bob=400, charlie=404, anonymous=401),
    Route(
        "POST", "/api/v1/app/workflows/{pk}/preview/", alice=200, bob=200, charlie=404, anonymous=401, body=LOOKED_AT
    ),
    Route("GET", "/api/v1/app/variables/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/variables/",
        alice=201,
        bob=403,
        charlie=404,
        anonymous=401,
        body={"key": "region", "value": "eu"},
    ),
    Route("GET", "/api/v1/app/folders/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/folders/", alice=201, bob=201, charlie=404, anonymous=401, body={"path": "New/One"}),
    Route("GET", "/api/v1/app/folders/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/folders/{pk}/", alice=200, bob=200, charlie=404, anonymous=401, body={"path": "X"}),
    Route("DELETE", "/api/v1/app/folders/{pk}/", alice=204, bob=204, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/variables/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/variables/{pk}/", alice=200, bob=403, charlie=404, anonymous=401, body={"value": 1}),
    Route("DELETE", "/api/v1/app/variables/{pk}/", alice=204, bob=403, charlie=404, anonymous=401),
    # ── integrations, API ──
    Route("GET", "/api/v1/app/credential-types/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/credential-types/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/credentials/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/credentials/", alice=201, bob=403, charlie=404, anonymous=401, body=TOKEN),
    Route("GET", "/api/v1/app/credentials/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/credentials/{pk}/", alice=200, bob=403, charlie=404, anonymous=401, body={"name": "N"}),
    Route("DELETE", "/api/v1/app/credentials/{pk}/", alice=204, bob=403, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/credentials/{pk}/test/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/credentials/{pk}/used-by/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/credentials/{pk}/sharing/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PUT", "/api/v1/app/credentials/{pk}/sharing/", alice=200, bob=403, charlie=404, anonymous=401, body=USED),
    Route("GET", "/api/v1/app/credentials/{pk}/uses/", alice=200, bob=200, charlie=404, anonymous=401),
    # Nobody's session counts there: what arrives proves itself, and this is nothing a vendor sends.
    Route("POST", "/integrations/{vendor}/events", alice=400, bob=400, charlie=400, anonymous=400),
    Route("GET", "/integrations/oauth/callback", alice=400, bob=400, charlie=400, anonymous=302),
    Route("POST", "/w/{workspace}/integrations/{connection}/connect/", alice=200, bob=403, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/integrations/{connection}/disconnect/", alice=302, bob=403, charlie=404, anonymous=302
    ),
    Route("GET", "/w/{workspace}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/api/v1/app/search/", alice=200, bob=200, charlie=404, anonymous=401),
    # ── integrations, pages ──
    Route("GET", "/w/{workspace}/integrations/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/integrations/new/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/integrations/new/{type}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/integrations/new/{type}/",
        alice=302,
        bob=422,
        charlie=404,
        anonymous=302,
        body={"name": "N", "field_token": "0123456789abcdef", "scope": "workspace", "allow_unverified": "on"},
    ),
    Route("GET", "/w/{workspace}/integrations/{credential}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/integrations/{credential}/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"name": "N"},
    ),
    Route("GET", "/w/{workspace}/integrations/{credential}/sharing/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/integrations/{credential}/sharing/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/integrations/{credential}/test/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/integrations/{credential}/delete/", alice=302, bob=403, charlie=404, anonymous=302),
    # ── workflows, pages ──
    Route("GET", "/w/{workspace}/workflows/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/variables/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/variables/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"key": "region", "kind": "text", "value": "eu"},
    ),
    Route("GET", "/w/{workspace}/settings/variables/{variable}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/variables/{variable}/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"kind": "number", "value": "1"},
    ),
    Route(
        "POST", "/w/{workspace}/settings/variables/{variable}/delete/", alice=302, bob=403, charlie=404, anonymous=302
    ),
    Route("GET", "/w/{workspace}/workflows/{workflow}/example/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/figures/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/act/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/move/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/move/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/tags/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/tags/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/export/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/folders/new/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/folders/new/", alice=422, bob=422, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/folders/{folder}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/folders/{folder}/", alice=422, bob=422, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/folders/{folder}/delete/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/tour/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/new/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/new/", alice=302, bob=302, charlie=404, anonymous=302, body={"name": "N"}),
    Route("GET", "/w/{workspace}/workflows/{workflow}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/imported/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/edit/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/workflows/{workflow}/edit/", alice=302, bob=302, charlie=404, anonymous=302, body=FORM
    ),
    Route("GET", "/w/{workspace}/workflows/{workflow}/triggers/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/settings/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/settings/", alice=422, bob=422, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/credentials/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/credentials/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/sharing/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/sharing/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/history/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/export/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/publish/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/activate/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/pause/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/archive/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/delete/", alice=302, bob=302, charlie=404, anonymous=302),
    # ── executions ──
    Route("GET", "/api/v1/app/executions/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/executions/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/executions/{pk}/logs/", alice=200, bob=200, charlie=404, anonymous=401),
    *(
        Route(
            "GET",
            f"/api/v1/app/executions/{{pk}}/logs/{action}/",
            alice=200,
            bob=200,
            charlie=404,
            anonymous=401,
            is_asynchronous=True,
        )
        for action in ("download", "stream")
    ),
    Route("GET", "/api/v1/app/logs/", alice=200, bob=200, charlie=404, anonymous=401),
    # It has not answered yet, since a person is asked first.
    Route("GET", "/api/v1/app/executions/{pk}/response/", alice=404, bob=404, charlie=404, anonymous=401),
    Route(
        "GET",
        "/api/v1/app/executions/{pk}/events/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        is_asynchronous=True,
    ),
    Route(
        "GET",
        "/api/v1/app/executions/{pk}/iterations/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        query="container=lines",
    ),
    Route(
        "GET",
        "/api/v1/app/executions/{pk}/node-runs/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        query="path=lines[0]",
    ),
    Route(
        "GET", "/api/v1/app/executions/{pk}/steps/", alice=200, bob=200, charlie=404, anonymous=401, query="node=agent"
    ),
    Route("POST", "/api/v1/app/executions/{pk}/cancel/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/executions/{pk}/hold/", alice=200, bob=200, charlie=404, anonymous=401, body={}),
    Route("POST", "/api/v1/app/executions/{pk}/release/", alice=409, bob=409, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/executions/{pk}/continue/", alice=409, bob=409, charlie=404, anonymous=401, body={}),
    Route("POST", "/api/v1/app/executions/{pk}/rerun/", alice=201, bob=201, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/limits/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "PUT",
        "/api/v1/app/limits/",
        alice=200,
        bob=403,
        charlie=404,
        anonymous=401,
        body={"max_concurrent": None, "queue_depth": 5},
    ),
    Route("GET", "/api/v1/app/circuits/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/circuits/{pk}/reset/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/redrives/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/redrives/", alice=409, bob=409, charlie=404, anonymous=401, body={}),
    Route("GET", "/api/v1/app/redrives/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/redrives/{pk}/items/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/redrives/{pk}/cancel/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/usage/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/retention/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/retention/", alice=200, bob=403, charlie=404, anonymous=401, body={"success_days": 14}),
    Route("GET", "/w/{workspace}/settings/usage/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/usage/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"success_days": "14", "is_archived": "yes"},
    ),
    Route("GET", "/w/{workspace}/settings/ai-usage/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/ai-budgets/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/ai-budgets/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"name": "Ours", "covers": "workspace", "period": "day", "limit_usd": "5", "then": "stop"},
    ),
    Route("GET", "/w/{workspace}/settings/ai-budgets/{budget}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/ai-budgets/{budget}/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"allow": "yes", "usd": "1"},
    ),
    Route(
        "POST", "/w/{workspace}/settings/ai-budgets/{budget}/delete/", alice=302, bob=403, charlie=404, anonymous=302
    ),
    Route("GET", "/w/{workspace}/executions/{execution}/costs/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/api/v1/app/ai/usage/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/calls/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/executions/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/budgets/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/ai/budgets/",
        alice=201,
        bob=403,
        charlie=404,
        anonymous=401,
        body={"name": "Ours", "scope": "workspace", "period": "day", "limit_usd": "5"},
    ),
    Route("GET", "/api/v1/app/ai/budgets/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "PATCH", "/api/v1/app/ai/budgets/{pk}/", alice=200, bob=403, charlie=404, anonymous=401, body={"then": "ask"}
    ),
    Route("DELETE", "/api/v1/app/ai/budgets/{pk}/", alice=204, bob=403, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/ai/budgets/{pk}/allow/",
        alice=200,
        bob=403,
        charlie=404,
        anonymous=401,
        body={"usd": "1", "key": "once"},
    ),
    Route("GET", "/api/v1/app/executions/{pk}/artifacts/", alice=200, bob=200, charlie=404, anonymous=401),
    # It has no large value.
    Route("GET", "/api/v1/app/executions/{pk}/payloads/{sha256}/", alice=404, bob=404, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/artifacts/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/artifacts/{pk}/download/", alice=200, bob=200, charlie=404, anonymous=401),
    # An id nobody has.
    Route(
        "GET",
        "/w/{workspace}/executions/{execution}/artifacts/{artifact}/",
        alice=404,
        bob=404,
        charlie=404,
        anonymous=302,
    ),
    Route(
        "GET",
        "/w/{workspace}/executions/{execution}/payloads/{sha256}/",
        alice=404,
        bob=404,
        charlie=404,
        anonymous=302,
    ),
    Route("GET", "/w/{workspace}/executions/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/executions/redrives/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/executions/redrives/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/executions/redrives/new/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/executions/redrives/{redrive}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/executions/redrives/{redrive}/cancel/", alice=302, bob=302, charlie=404, anonymous=302
    ),
    Route("GET", "/api/v1/app/executions/{pk}/deliveries/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/executions/{pk}/deliveries/{delivery}/resend/",
        alice=404,
        bob=404,
        charlie=404,
        anonymous=401,
    ),
    Route("GET", "/w/{workspace}/executions/{execution}/links/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/executions/{execution}/deliveries/{delivery}/resend/",
        alice=404,
        bob=404,
        charlie=404,
        anonymous=302,
    ),
    Route("GET", "/w/{workspace}/executions/compare/", alice=400, bob=400, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/executions/{execution}/", alice=200, bob=200, charlie=404, anonymous=302),
    # It is not held, or already: said on the page one is sent back to.
    *[
        Route("POST", f"/w/{{workspace}}/executions/{{execution}}/{verb}/", 302, 302, charlie=404, anonymous=302)
        for verb in ("hold", "release", "continue")
    ],
    Route("GET", "/w/{workspace}/executions/{execution}/log/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/logs/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/executions/{execution}/cancel/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/executions/{execution}/rerun/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/executions/{execution}/rerun/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/run/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/workflows/{workflow}/test/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/test/", alice=404, bob=404, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/workflows/{workflow}/run/", alice=302, bob=302, charlie=404, anonymous=302),
    # ── doors with a proof of their own ──
    Route("POST", "/webhooks/{workspace}/{path}", alice=404, bob=404, charlie=404, anonymous=404, is_asynchronous=True),
    Route(
        "POST",
        "/webhooks-test/{workspace}/{path}",
        alice=404,
        bob=404,
        charlie=404,
        anonymous=404,
        is_asynchronous=True,
    ),
    Route("GET", "/api/v1/app/ai/memories/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/memories/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("DELETE", "/api/v1/app/ai/memories/{pk}/", alice=204, bob=204, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/memories/{pk}/messages/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/memories/{pk}/facts/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/memories/{pk}/pieces/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("DELETE", "/api/v1/app/ai/memories/{pk}/entries/{entry}/", alice=204, bob=204, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/ai/memories/clear/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body={"ids": [str(uuid7()), str(uuid7())]},
    ),
    Route("GET", "/w/{workspace}/settings/memories/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/memories/clear/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/memories/{memory}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/memories/{memory}/entries/{entry}/delete/",
        alice=302,
        bob=302,
        charlie=404,
        anonymous=302,
    ),
    Route("GET", "/api/v1/app/values/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/values/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("DELETE", "/api/v1/app/values/{pk}/", alice=204, bob=204, charlie=404, anonymous=401),
    Route("GET", "/w/{workspace}/settings/values/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/values/{value}/delete/", alice=302, bob=302, charlie=404, anonymous=302),
    # ── triggers, pages ──
    Route("GET", "/w/{workspace}/triggers/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/triggers/{workflow}/{node}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/triggers/{workflow}/{node}/switch/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/triggers/{workflow}/{node}/try/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/triggers/{workflow}/{node}/test/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/triggers/{workflow}/{node}/test/", alice=302, bob=302, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/triggers/{workflow}/{node}/test/use/", alice=404, bob=404, charlie=404, anonymous=302
    ),
    Route("GET", "/w/{workspace}/deliveries/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/deliveries/{delivery}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/deliveries/{delivery}/replay/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/executions/{execution}/delivery/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/replays/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/replays/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/replays/new/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/replays/{replay}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/replays/{replay}/cancel/", alice=302, bob=302, charlie=404, anonymous=302),
    # ── triggers, API ──
    Route("GET", "/api/v1/app/deliveries/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/deliveries/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/deliveries/{pk}/replay/", alice=201, bob=201, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/replays/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/replays/", alice=409, bob=409, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/replays/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/replays/{pk}/cancel/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/replays/{pk}/items/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/webhooks/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/schedules/preview/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body={"expression": "every day at 9"},
    ),
    Route("GET", "/api/v1/app/workflows/{pk}/triggers/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "POST",
        "/api/v1/app/workflows/{pk}/triggers/",
        alice=201,
        bob=201,
        charlie=404,
        anonymous=401,
        body={"subtype": "MANUAL"},
    ),
    Route("GET", "/api/v1/app/workflows/{pk}/triggers/{node}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route(
        "PATCH",
        "/api/v1/app/workflows/{pk}/triggers/{node}/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body={"name": "Orders in"},
    ),
    Route("DELETE", "/api/v1/app/workflows/{pk}/triggers/{node}/", alice=204, bob=204, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/triggers/{node}/pause/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/triggers/{node}/resume/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/workflows/{pk}/triggers/{node}/try/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/events/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/events/", alice=201, bob=201, charlie=404, anonymous=401, body={"name": "order.paid"}),
    Route("GET", "/api/v1/app/events/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/callbacks/{token}", alice=404, bob=404, charlie=404, anonymous=404, is_asynchronous=True),
    Route(  # no worker beats in a test
        "GET", "/api/v1/public/health/", alice=503, bob=503, charlie=503, anonymous=503, is_asynchronous=True
    ),
    # The demo's small systems answer only where the demo is switched on.
    Route("GET", "/demo/stock", alice=404, bob=404, charlie=404, anonymous=404, is_asynchronous=True),
    Route("POST", "/demo/shipments", alice=404, bob=404, charlie=404, anonymous=404, is_asynchronous=True),
    Route("GET", "/demo/slow", alice=404, bob=404, charlie=404, anonymous=404, is_asynchronous=True),
    # ── humans in the loop ──
    Route("GET", "/api/v1/app/interactions/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/interactions/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/interactions/{pk}/answer/", alice=200, bob=200, charlie=404, anonymous=401, body=YES),
    Route("POST", "/api/v1/app/interactions/{pk}/link/", alice=201, bob=201, charlie=404, anonymous=401, body=JONAS),
    Route(
        "POST",
        "/api/v1/app/interactions/{pk}/delegate/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body={"to": "eve@example.com"},
    ),
    Route(
        "POST",
        "/api/v1/app/interactions/{pk}/withdraw/",
        alice=200,
        bob=200,
        charlie=404,
        anonymous=401,
        body={"reason": "No longer needed."},
    ),
    Route("GET", "/api/v1/app/interactions/{pk}/history/", alice=200, bob=200, charlie=404, anonymous=401),
    # Without an outcome, since an answer would wait ten seconds for an engine.
    Route("POST", "/api/v1/app/executions/{execution}/resume/", alice=400, bob=400, charlie=404, anonymous=401),
    Route("GET", "/w/{workspace}/settings/channels/", alice=200, bob=403, charlie=404, anonymous=302),
    Route(
        "POST",
        "/w/{workspace}/settings/channels/{kind}/",
        alice=302,
        bob=403,
        charlie=404,
        anonymous=302,
        body={"url": "https://hooks.example.com/questions"},
    ),
    Route("POST", "/w/{workspace}/settings/channels/{kind}/test/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/list/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/count/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/bulk/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/inbox/bulk/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/times/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/record.{form}", alice=200, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/inbox/{interaction}/delegate/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/inbox/{interaction}/withdraw/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/working-hours/", alice=200, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/working-hours/", alice=422, bob=403, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/away/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/away/", alice=422, bob=422, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/away/{absence}/end/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/inbox/{interaction}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/inbox/{interaction}/", alice=302, bob=302, charlie=404, anonymous=302, body=YES),
    Route("GET", "/w/{workspace}/inbox/{interaction}/standing/", alice=204, bob=204, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/inbox/{interaction}/link/", alice=201, bob=201, charlie=404, anonymous=302, body=JONAS
    ),
    Route("GET", "/i/{token}/", alice=200, bob=200, charlie=200, anonymous=200),
    Route("POST", "/i/{token}/", alice=200, bob=200, charlie=200, anonymous=200, body=YES),
    # ── models, API ──
    Route("GET", "/api/v1/app/ai/models/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/settings/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("PATCH", "/api/v1/app/ai/settings/", alice=200, bob=403, charlie=404, anonymous=401, body=CHOSEN),
    Route("GET", "/api/v1/app/ai/compare/", alice=200, bob=200, charlie=404, anonymous=401),
    # Nothing is connected that could be asked.
    Route("POST", "/api/v1/app/ai/compare/", alice=400, bob=400, charlie=404, anonymous=401, body=COMPARED),
    Route("GET", "/api/v1/app/ai/compare/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/ai/compare/{pk}/cancel/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/ollama/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/ollama/{pk}/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("GET", "/api/v1/app/ai/ollama/{pk}/pulls/", alice=200, bob=200, charlie=404, anonymous=401),
    Route("POST", "/api/v1/app/ai/ollama/{pk}/pulls/", alice=201, bob=403, charlie=404, anonymous=401, body=PULLED),
    Route("POST", "/api/v1/app/ai/ollama/{pk}/pulls/{pull}/cancel/", alice=404, bob=403, charlie=404, anonymous=401),
    # No server of this machine may be called.
    Route("POST", "/api/v1/app/ai/ollama/{pk}/delete/", alice=400, bob=403, charlie=404, anonymous=401, body=PULLED),
    # ── models, pages ──
    Route("GET", "/w/{workspace}/settings/models/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/models/chain/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/models/embedding/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/models/default/", alice=302, bob=403, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/models/suggestions/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/models/{credential}/test/", alice=302, bob=302, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/models/ollama/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("GET", "/w/{workspace}/settings/models/ollama/{server}/", alice=200, bob=200, charlie=404, anonymous=302),
    Route(
        "POST", "/w/{workspace}/settings/models/ollama/{server}/pull/", alice=302, bob=403, charlie=404, anonymous=302
    ),
    Route(
        "POST",
        "/w/{workspace}/settings/models/ollama/{server}/pulls/{pull}/cancel/",
        alice=404,
        bob=403,
        charlie=404,
        anonymous=302,
    ),
    Route(
        "POST", "/w/{workspace}/settings/models/ollama/{server}/delete/", alice=302, bob=403, charlie=404, anonymous=302
    ),
    Route("GET", "/w/{workspace}/settings/models/compare/", alice=200, bob=200, charlie=404, anonymous=302),
    Route("POST", "/w/{workspace}/settings/models/compare/", alice=422, bob=422, charlie=404, anonymous=302),
    Route(
        "GET", "/w/{workspace}/settings/models/compare/{comparison}/", alice=200, bob=200, charlie=404, anonymous=302
    ),
    Route(
        "POST",
        "/w/{workspace}/settings/models/compare/{comparison}/cancel/",
        alice=302,
        bob=302,
        charlie=404,
        anonymous=302,
    ),
]

UNLISTED = ("/accounts/", "/static/", "/admin/")
"""Prefixes whose routes belong to a package, which tests them itself. `/admin/` is walked by its own tests."""
