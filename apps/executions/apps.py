from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    name = "apps.executions"
    verbose_name = "Executions"

    def ready(self) -> None:
        """Plug the engine's own kinds of wait into the seam that other apps use."""
        from apps.executions import wait_kinds
        from apps.executions.children import Children
        from apps.executions.handlers import Callbacks

        wait_kinds.register("callback", Callbacks())
        wait_kinds.register("child", Children())
