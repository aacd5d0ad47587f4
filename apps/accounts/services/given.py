"""What people typed, checked and put into one form."""

from __future__ import annotations

import hashlib

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.accounts.access.permissions import Role
from apps.core.errors import FieldError, Invalid


def token_hash(token: str) -> str:
    """The form in which keys and tokens are kept: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def text_of(value: str, path: str, longest: int) -> str:
    """One line of 1 to `longest` characters, blanks drawn together. Raises `Invalid`."""
    value = " ".join(value.split())
    if not value or len(value) > longest:
        message = f"The {path} needs 1 to {longest} characters."
        raise Invalid(message, errors=[FieldError(path=path, message=message)])
    return value


def role_of(value: str) -> Role:
    """The role of this name. Raises `Invalid`."""
    if value not in set(Role):
        message = f"There is no role {value!r}. Roles are {', '.join(Role)}."
        raise Invalid(message, errors=[FieldError(path="role", message=message)])
    return Role(value)


def address_of(value: str) -> str:
    """An e-mail address in small letters. Raises `Invalid`."""
    address = value.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        message = f"{value!r} is not an e-mail address."
        raise Invalid(message, errors=[FieldError(path="email", message=message)]) from None
    return address
