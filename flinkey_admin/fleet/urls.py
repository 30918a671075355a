from django.urls import path, register_converter

from flinkey_admin.fleet import changes, handover, hands, overview, search, views
from flinkey_admin.fleet.converters import KindConverter
from flinkey_admin.flinkey import Kind

register_converter(KindConverter, "kind")

app_name = "fleet"
# The pages of one car and one user stand in the project's urls.py, which hands them the windows.
urlpatterns = [
    path("", overview.overview, name="home"),
    path("handover/", handover.handover, name="handover"),
    path("keys/", hands.keys, name="keys"),
    path("keys/groups/", hands.targets, name="targets"),
    path("groups/", views.group_list, name="group_list"),
    path("groups/new/", changes.group_new, name="group_new"),
    path("groups/<id:group_id>/", views.group_detail, name="group_detail"),
    path("groups/<id:group_id>/rename/", changes.group_rename, name="group_rename"),
    path("groups/<id:group_id>/delete/", changes.group_delete, name="group_delete"),
    path("groups/<id:group_id>/empty/", changes.group_empty, name="group_empty"),
    path("groups/<id:group_id>/<kind:kind>/", views.group_detail, name="group_members"),
    path("groups/<id:group_id>/<kind:kind>/select/", changes.select_all, name="select_all"),
    path("groups/<id:group_id>/<kind:kind>/add/", changes.add, name="add"),
    path("groups/<id:group_id>/<kind:kind>/also/", changes.also, name="also"),
    path("groups/<id:group_id>/<kind:kind>/move/", changes.move, name="move"),
    path("groups/<id:group_id>/<kind:kind>/remove/", changes.remove, name="remove"),
    path("<kind:kind>/select/", changes.select_all, name="select_all_of"),
    path("<kind:kind>/also/", changes.also, name="also_of"),
    path("<kind:kind>/move/", changes.move, name="move_of"),
    path("<kind:kind>/remove/", changes.remove, name="remove_of"),
    path("search/", search.search, name="search"),
    path("cars/", views.thing_list, {"kind": Kind.CARS}, name="car_list"),
    path("users/", views.thing_list, {"kind": Kind.USERS}, name="user_list"),
    path("services/", views.thing_list, {"kind": Kind.SERVICES}, name="service_list"),
    path("products/", views.thing_list, {"kind": Kind.PRODUCTS}, name="product_list"),
]
