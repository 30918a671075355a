from django.urls import path

from flinkey_admin.operations import hooks, views, webhooks

app_name = "operations"
HOOK = "webhooks/flinkey/assignments/"
urlpatterns = [
    path("operations/", views.operation_list, name="list"),
    path("operations/<id:operation_id>/", views.operation_detail, name="detail"),
    path("operations/<id:operation_id>/run/", views.operation_run, name="run"),
    path("operations/<id:operation_id>/pause/", views.operation_wish, {"what": "pause"}, name="pause"),
    path("operations/<id:operation_id>/stop/", views.operation_wish, {"what": "stop"}, name="stop"),
    path("operations/<id:operation_id>/csv/", views.operation_csv, name="csv"),
    path("operations/<id:operation_id>/check/", views.operation_check, name="check"),
    path("operations/<id:operation_id>/back/", views.operation_back, name="back"),
    path("operations/<id:operation_id>/close/", views.operation_close, name="close"),
    path("messages/", hooks.messages, name="messages"),
    path(HOOK, webhooks.receive, name="webhook"),
    *(path(f"{HOOK}{event}/", webhooks.receive, {"event": event}) for event in webhooks.VERBS),
]
