from django.urls import path

from flinkey_admin.assignments import views

app_name = "assignments"
urlpatterns = [
    path("assignments/new/", views.window_new, name="window_new"),
    path("assignments/<id:window_id>/", views.window_detail, name="window_detail"),
    path("assignments/<id:window_id>/delete/", views.window_delete, name="window_delete"),
]
