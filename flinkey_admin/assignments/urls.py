from django.urls import path

from flinkey_admin.assignments import (
    access_views,
    act_views,
    feed_views,
    key_views,
    passing_views,
    series_act_views,
    series_views,
    several,
    sharing_views,
    views,
)
from flinkey_admin.flinkey import Kind

app_name = "assignments"
urlpatterns = [
    path("access/", access_views.access, name="access"),
    path("access/csv/", access_views.access_csv, name="access_csv"),
    path("assignments/new/", views.window_new, name="window_new"),
    path("assignments/several/", several.several_new, name="several_new"),
    path("assignments/keys/", key_views.key_list, name="key_list"),
    path("assignments/series/", series_views.series_list, name="series_list"),
    path("assignments/series/new/", series_views.series_new, name="series_new"),
    path("assignments/series/<id:series_id>/", series_views.series_detail, name="series_detail"),
    path("assignments/series/<id:series_id>/end/", series_act_views.series_end, name="series_end"),
    path("assignments/series/<id:series_id>/add/", series_act_views.series_add, name="series_add"),
    path("assignments/series/<id:series_id>/change/", series_act_views.series_change, name="series_change"),
    path("assignments/series/<id:series_id>/out/", series_act_views.series_out, name="series_out"),
    path("assignments/find/", views.window_find, name="window_find"),
    path("assignments/check/", views.window_check, name="window_check"),
    path("assignments/<id:window_id>/check/", views.window_check, name="window_check"),
    path("assignments/<id:window_id>/", views.window_detail, name="window_detail"),
    path("assignments/<id:window_id>/delete/", views.window_delete, name="window_delete"),
    path("assignments/<id:window_id>/act/", act_views.window_act, name="window_act"),
    path("assignments/<id:window_id>/hand-over/", passing_views.window_hand_over, name="window_hand_over"),
    path("assignments/<id:window_id>/swap/", passing_views.window_swap, name="window_swap"),
    path("cars/<id:thing_id>/end/", act_views.end_all, {"kind": Kind.CARS}, name="end_car"),
    path("users/<id:thing_id>/end/", act_views.end_all, {"kind": Kind.USERS}, name="end_user"),
    path("cars/<id:car_id>/sharing/", sharing_views.car_sharing, name="car_sharing"),
    path("calendar/<str:secret>.ics", feed_views.feed, name="feed"),
    path("cars/<id:car_id>/calendar/", feed_views.car_calendar, name="car_calendar"),
    path("users/<id:user_id>/calendar/", feed_views.user_calendar, name="user_calendar"),
    path("groups/<id:group_id>/calendar/", feed_views.group_calendar, name="group_calendar"),
    path("groups/<id:group_id>/sharing/", sharing_views.group_sharing, name="group_sharing"),
]
