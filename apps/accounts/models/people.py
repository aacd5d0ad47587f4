"""People, and the pictures they give themselves."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from apps.core.ids import uuid7


class UserManager(BaseUserManager["User"]):
    """Makes users; addresses are kept in lower case, so that one person cannot have two accounts by accident."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new user. Without a password the account can be entered by link or provider only."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new user for Django's own commands."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of an e-mail address, however it is written."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Belongs to no workspace by itself; memberships say where they are at home."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    hue = models.PositiveSmallIntegerField(null=True, help_text="the colour of the initials, 0 to 5; null: by the name")
    picture = models.CharField(max_length=16, blank=True, default="", help_text="which picture; empty: the initials")
    timezone = models.CharField(max_length=64, blank=True, default="", help_text="empty: the browser's")
    theme = models.CharField(
        max_length=10, blank=True, default="", help_text="light, dark, system; empty: the browser's"
    )
    preferences: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "accounts_user"
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="accounts_user_email_is_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def label(self) -> str:
        """What people read: the name, or the address of somebody who gave none."""
        return self.name or self.email

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = self.name.split() or self.email.partition("@")[0].replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    def get_full_name(self) -> str:
        """The name, for Django and packages."""
        return self.label

    def get_short_name(self) -> str:
        """The first name, for Django and packages."""
        return self.label.split()[0]


class Picture(models.Model):
    """The picture somebody gave themselves, as `pictures.plain` left it. Apart, so that reading people stays cheap."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()
    media_type = models.CharField(max_length=20)

    class Meta:
        db_table = "accounts_picture"

    def __str__(self) -> str:
        return f"picture of {self.user_id}"
