"""Adds `<id:…>` to the words that addresses are made of, before any feature's urls.py is read."""

from django.apps import AppConfig
from django.urls import register_converter

from flinkey_admin.web.converters import IdConverter


class WebConfig(AppConfig):
    name = "flinkey_admin.web"

    def ready(self) -> None:
        register_converter(IdConverter, "id")
