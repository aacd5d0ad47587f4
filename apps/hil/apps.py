"""Humans in the loop: questions to people, and their answers."""

from __future__ import annotations

from django.apps import AppConfig


class HilConfig(AppConfig):
    """Takes part in the engine's waits for people."""

    name = "apps.hil"
    label = "hil"
    verbose_name = "Humans in the loop"

    def ready(self) -> None:
        """Plug into the seams: what people are asked becomes rows of the inbox, in the engine's own transactions, and
        what they write is read by the workspace's model, where there is one.
        """
        from apps.executions import wait_kinds
        from apps.hil.channels.incoming import judge_with
        from apps.hil.channels.slack_answers import answer_at_once
        from apps.hil.handlers import Doubts, Questions
        from apps.hil.replies.model_judge import judge_of
        from apps.integrations.inbound import answer_with

        wait_kinds.register("human", Questions())
        wait_kinds.register("review", Doubts())
        answer_with("slack", answer_at_once)
        judge_with(judge_of)
