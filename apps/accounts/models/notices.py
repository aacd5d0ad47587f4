"""What people are told of without having asked."""

from __future__ import annotations

from django.db import models

from apps.accounts.models.people import User
from apps.accounts.models.workspaces import Workspace
from apps.core.ids import uuid7


class Notice(models.Model):
    """Something one person of a workspace should know. Until it is read, more of the same makes it grow.

    `key` says what "the same" is: there is one unread notice per person and key. `title` is for one of it, `many` for
    several, with `{count}` where the number stands; so are `url` and `many_url`, addresses of this product's pages.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=40, help_text="noun.past, see accounts.notices")
    key = models.CharField(max_length=200)
    subject_id = models.UUIDField(null=True, help_text="the object it is about; who may not see that sees no notice")
    tone = models.CharField(max_length=10, help_text="success, info, warning or error")
    title = models.CharField(max_length=300)
    many = models.CharField(max_length=300, blank=True)
    detail = models.TextField(blank=True)
    url = models.CharField(max_length=500)
    many_url = models.CharField(max_length=500, blank=True)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_notice"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user", "key"],
                name="accounts_notice_grows",
                condition=models.Q(read_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "user", "-last_at"], name="accounts_notice_newest"),
            models.Index(fields=["last_at"], name="accounts_notice_oldest"),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """The title, with the number of times where there are several."""
        if self.count > 1 and self.many:
            return self.many.replace("{count}", f"{self.count:,}")
        return self.title

    @property
    def target(self) -> str:
        """Where it leads."""
        return self.many_url if self.count > 1 and self.many_url else self.url
