"""Health, for whoever watches this installation from outside; its pages for managers come here too."""

from django.urls import path

from flinkey_admin.node import pages, views

app_name = "node"

urlpatterns = [
    path("node/", pages.checkup, name="checkup"),
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
]
