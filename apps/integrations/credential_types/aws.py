"""Keys of AWS."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from apps.core import sigv4
from apps.integrations.declare import CredentialFields, CredentialType, Outgoing, Refused, Signing
from apps.nodes.contract import Http

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_HOSTS: Final = re.compile(r"(.+)\.(amazonaws\.com(\.cn)?|api\.aws|on\.aws)")
_SIGNED_AS: Final = {"email": "ses", "lambda-url": "lambda", "bedrock-runtime": "bedrock", "bedrock-agent": "bedrock"}
_ARN: Final = re.compile(rb"<Arn>([^<]{1,300})</Arn>")


class Aws(CredentialType):
    """Keys of AWS, which sign every request (Signature Version 4).

    For AWS itself and for what speaks its language. Region and service are taken from the address where it names them,
    as in `sqs.eu-central-1.amazonaws.com`; otherwise from here.
    """

    type, name, icon = "aws", "AWS keys", "cloud"

    class Fields(CredentialFields):
        access_key_id: Annotated[str, Field(min_length=3, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
        """The public half of the keys, as in `AKIA…`."""
        secret_access_key: Annotated[SecretStr, Field(min_length=1, max_length=500)]
        """The secret half."""
        session_token: Annotated[SecretStr, Field(max_length=5_000)] = SecretStr("")
        """For keys that were lent for a while (`ASIA…`)."""
        region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = "us-east-1"
        """Used where the address names no region."""
        service: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,40}$")] = ""
        """Used where the address names no service, as with a storage of your own: `s3`."""
        test_url: Annotated[str, Field(max_length=2_000, pattern=r"^($|[Hh][Tt][Tt][Pp][Ss]?://)")] = ""
        """An address to test the keys with. Empty: AWS is asked whose they are."""

    def sign(self, fields: Fields, request: Outgoing, signing: Signing) -> Outgoing:
        """Sign the address, the body and what describes it. Other headers may be changed on the way."""
        url = sigv4.canonical(request.url)
        service, region = _meant(urlsplit(url).hostname or "", fields)
        token = fields.session_token.get_secret_value().strip()
        keys = sigv4.Keys(fields.access_key_id, fields.secret_access_key.get_secret_value().strip(), token)
        steady = {
            name: value
            for name, value in request.headers.items()
            if name == "content-type" or name.startswith("x-amz-")
        }
        added = sigv4.signed(
            request.method,
            url,
            headers=steady,
            content=request.content,
            region=region,
            service=service,
            keys=keys,
            now=signing.now,
        )
        return replace(request, url=url, headers={**request.headers, **added})

    def test_address(self, fields: Fields) -> str:
        """Whose keys these are: every key may ask that."""
        return (
            fields.test_url or f"https://sts.{fields.region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
        )

    def test(self, fields: Fields, http: Http) -> str:
        """Ask AWS whose keys these are."""
        answer = http.request("GET", self.test_address(fields), timeout=10.0, max_bytes=1_000_000)
        if not 200 <= answer.status < 300:
            raise Refused(f"{self.test_address(fields).partition('?')[0]} answered with status {answer.status}.")
        found = _ARN.search(answer.content)
        return f"They belong to {found[1].decode()}." if found else f"Answered with status {answer.status}."


def _meant(host: str, fields: Aws.Fields) -> tuple[str, str]:
    """Service and region: what the host says, else what the credential says."""
    known = _HOSTS.fullmatch(host)
    labels = known[1].split(".") if known else []
    region = next((label for label in labels if _REGION.fullmatch(label)), "")
    around = [label for label in labels if label not in (region, "dualstack")]
    service = around[-1].removesuffix("-fips") if around else ""
    service = _SIGNED_AS.get(service, service) or fields.service
    if not service:
        raise Refused(
            f"{host} does not say which service of AWS it is.", hint="Name the service in the credential, such as s3."
        )
    return service, region or fields.region
