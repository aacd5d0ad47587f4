"""AWS keys: what is signed, for which service and region, and how they are tested."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from apps.integrations.credential_types.aws import Aws
from apps.integrations.declare import Outgoing, Refused, Signing
from tests.nodes.running import FakeHttp

KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": SecretStr("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")}
SIGNING = Signing(now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC))


def fields(**more: object) -> Aws.Fields:
    return Aws.Fields.model_validate(KEYS | more)


def test_a_request_is_signed_as_the_documentation_says() -> None:
    request = Outgoing(
        "GET",
        "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers",
        {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "accept-encoding": "gzip"},
        b"",
    )
    found = Aws().sign(fields(), request, SIGNING)
    assert found.url == "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
    assert found.headers["authorization"].endswith("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
    assert found.headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("sqs.eu-central-1.amazonaws.com", "eu-central-1/sqs"),
        ("my-bucket.s3.eu-west-1.amazonaws.com", "eu-west-1/s3"),
        ("my-bucket.s3.dualstack.us-west-2.amazonaws.com", "us-west-2/s3"),
        ("my-bucket.s3.amazonaws.com", "us-east-1/s3"),
        ("search-x.us-gov-west-1.es.amazonaws.com", "us-gov-west-1/es"),
        ("abc.execute-api.ap-southeast-2.amazonaws.com", "ap-southeast-2/execute-api"),
        ("kms-fips.us-east-2.amazonaws.com", "us-east-2/kms"),
        ("email.eu-west-1.amazonaws.com", "eu-west-1/ses"),
        ("abc.lambda-url.eu-west-1.on.aws", "eu-west-1/lambda"),
        ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1/s3"),
    ],
)
def test_the_host_says_which_service_and_region(host: str, scope: str) -> None:
    found = Aws().sign(fields(), Outgoing("GET", f"https://{host}/", {}, b""), SIGNING)
    assert f"/20150830/{scope}/aws4_request" in found.headers["authorization"]
    assert ("x-amz-content-sha256" in found.headers) == scope.endswith("/s3")


def test_elsewhere_the_credential_says_it() -> None:
    request = Outgoing("GET", "https://storage.example.com/b/k", {}, b"")
    found = Aws().sign(fields(service="s3", region="home", session_token=SecretStr("lent")), request, SIGNING)
    assert "/home/s3/aws4_request" in found.headers["authorization"]
    assert found.headers["x-amz-security-token"] == "lent"
    with pytest.raises(Refused, match="which service"):
        Aws().sign(fields(), request, SIGNING)


def test_aws_is_asked_whose_keys_these_are() -> None:
    arn = b"<GetCallerIdentityResponse><Arn>arn:aws:iam::123456789012:user/alice</Arn></GetCallerIdentityResponse>"
    http = FakeHttp([{"content": arn}, {"status": 403}])
    assert Aws().test(fields(region="eu-west-3"), http) == "They belong to arn:aws:iam::123456789012:user/alice."
    assert http.seen[0]["url"].startswith("https://sts.eu-west-3.amazonaws.com/?Action=GetCallerIdentity")
    with pytest.raises(Refused, match="403"):
        Aws().test(fields(), http)
