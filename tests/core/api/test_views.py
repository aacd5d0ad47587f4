"""The pages about the API."""

from __future__ import annotations

import re

import pytest
from django.test import Client


@pytest.mark.django_db
def test_the_type_of_every_problem_leads_to_its_explanation() -> None:
    client = Client()
    problem = client.get("/api/v1/app/me").json()
    address, _, anchor = problem["type"].partition("#")
    page = client.get(address).content.decode()
    assert f'id="{anchor}"' in page
    codes = re.findall(r'<tr id="([^"]+)"', page)
    assert {"accounts.last_owner", "core.not_json", "workflows.path_taken"} <= set(codes)
    assert codes == sorted(set(codes))
