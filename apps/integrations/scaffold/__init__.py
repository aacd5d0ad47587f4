"""What a new integration begins as: one folder with its tests, all passing. Pure."""

from __future__ import annotations

import re
from string import Template

from apps.core.errors import Invalid
from apps.integrations.registry import credential_type
from apps.integrations.scaffold import texts
from apps.nodes.registry import node_type

_VENDOR = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def scaffold(vendor: str, *, title: str = "", auth: str = "oauth2") -> dict[str, str]:
    """The files by their path in the repository. `auth`: `oauth2`, or `token` for a token that people paste.

    Raises `Invalid` for a name that is none, and for one that is taken.
    """
    if not _VENDOR.fullmatch(vendor) or len(vendor) > 40:
        raise Invalid(f"“{vendor}” is no name for a vendor's folder: write it like acme_crm.")
    if auth not in texts.TYPES:
        raise Invalid(f"There is no way to sign in called “{auth}”; there are {', '.join(texts.TYPES)}.")
    subtype = vendor.upper()
    if node_type("EXTERNAL_ACTION", subtype) is not None or credential_type(vendor) is not None:
        raise Invalid(f"{vendor} exists already.")
    title = " ".join(title.split()) or " ".join(word.capitalize() for word in vendor.split("_"))
    if not re.fullmatch(r"[\w .&+-]{1,60}", title):
        raise Invalid("A title has letters, digits, spaces and . & + - in it.")
    words = {
        "vendor": vendor,
        "subtype": subtype,
        "title": title,
        "cls": "".join(word.capitalize() for word in vendor.split("_")),
        "host": f"{vendor.replace('_', '-')}.example.com",
    }
    home, tests = f"apps/integrations/vendors/{vendor}", f"tests/integrations/vendors/{vendor}"
    found = {
        f"{home}/__init__.py": texts.FOLDER,
        f"{home}/client.py": texts.CLIENT,
        f"{home}/credential_types/__init__.py": "",
        f"{home}/credential_types/account.py": texts.TYPES[auth],
        f"{home}/nodes/__init__.py": "",
        f"{home}/nodes/{vendor}.py": texts.NODE,
        f"tests/fakes/{vendor}.py": texts.FAKE,
        f"{tests}/__init__.py": "",
        f"{tests}/test_client.py": texts.TEST_CLIENT,
        f"{tests}/credential_types/__init__.py": "",
        f"{tests}/credential_types/test_account.py": texts.TEST_TYPES[auth],
        f"{tests}/nodes/__init__.py": "",
        f"{tests}/nodes/test_{vendor}.py": texts.TEST_NODE,
    }
    return {path: Template(text).substitute(words) for path, text in found.items()}
