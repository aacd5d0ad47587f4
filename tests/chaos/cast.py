"""Writes the cast into a world: prints keys, a cookie of alice, the id of her workspace. Run by the nursery."""

from __future__ import annotations

import json

from django.test import Client

from apps.accounts import services
from apps.accounts.access.resolve import member_actor
from tests.cast import make_cast

if __name__ == "__main__":
    cast = make_cast()
    keys = {
        "acme": services.api_key_create(workspace=cast.workspace, name="chaos", actor=cast.owner),
        "umbrella": services.api_key_create(
            workspace=cast.other_workspace, name="chaos", actor=member_actor(cast.charlie, "owner")
        ),
    }
    found = {slug: made.secret for slug, made in keys.items()}
    browser = Client()
    browser.force_login(cast.alice)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    print(json.dumps(found | {"workspace": str(cast.workspace.id), "cookie": cookie}))
