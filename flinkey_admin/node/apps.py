"""This installation as an application of Django: for its commands and tests."""

from django.apps import AppConfig


class NodeConfig(AppConfig):
    name = "flinkey_admin.node"
