"""The features put together. What one feature's page shows of another is handed in here."""

from django.urls import include, path

from flinkey_admin.assignments import urls as assignment_urls
from flinkey_admin.assignments import views as assignments
from flinkey_admin.assignments.board import timeline_page
from flinkey_admin.assignments.free_views import free_cars
from flinkey_admin.assignments.mismatch_views import report, report_csv
from flinkey_admin.assignments.several import several_ticked
from flinkey_admin.fleet import filters
from flinkey_admin.fleet import urls as fleet
from flinkey_admin.fleet import views as fleet_views
from flinkey_admin.fleet.changes import ids_of
from flinkey_admin.flinkey import Kind
from flinkey_admin.web import views as web
from flinkey_admin.web.components import components

fleet_urls = [
    *fleet.urlpatterns,
    path(
        "cars/<id:car_id>/",
        fleet_views.car_detail,
        {"windows": assignments.windows_of_car},
        name="car_detail",
    ),
    path(
        "users/<id:user_id>/",
        fleet_views.user_detail,
        {"windows": assignments.windows_of_user},
        name="user_detail",
    ),
]

window_urls = [
    *assignment_urls.urlpatterns,
    path("cars/give/", several_ticked, {"kind": Kind.CARS, "ids_of": ids_of}, name="several_cars"),
    path("users/give/", several_ticked, {"kind": Kind.USERS, "ids_of": ids_of}, name="several_users"),
    path("cars/free/", free_cars, {"filters": filters}, name="free_cars"),
    path("reports/mismatches/", report, {"filters": filters}, name="mismatches"),
    path("reports/mismatches/csv/", report_csv, {"filters": filters}, name="mismatches_csv"),
    path("timeline/", timeline_page, {"filters": filters}, name="timeline"),
]

handler400 = "flinkey_admin.web.errors.refused"
handler500 = "flinkey_admin.web.errors.last_resort"

urlpatterns = [
    path("", include("flinkey_admin.accounts.urls")),
    path("", include((fleet_urls, "fleet"))),
    path("", include((window_urls, "assignments"))),
    path("", include("flinkey_admin.operations.urls")),
    path("components/", components, name="components"),
    path("components/<slug:part>/", components, name="components"),
    path("help/", web.help_page, name="help"),
    path("", include("flinkey_admin.node.urls")),
]
