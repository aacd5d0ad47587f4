"""Writes the cast into a world's database and prints a key for either workspace. Run by the nursery."""

from __future__ import annotations

import json

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
    print(json.dumps({slug: made.secret for slug, made in keys.items()}))
