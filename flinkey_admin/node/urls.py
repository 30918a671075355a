"""Health, for whoever watches this installation from outside; its pages for managers come here too."""

from django.urls import path

from flinkey_admin.node import views

app_name = "node"

urlpatterns = [
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
]
