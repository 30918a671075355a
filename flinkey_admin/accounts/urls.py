from django.urls import path

from flinkey_admin.accounts import views
from flinkey_admin.accounts.preferences import preferences
from flinkey_admin.accounts.sessions import sessions

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("customers/", views.customers, name="customers"),
    path("settings/", preferences, name="preferences"),
    path("settings/sessions/", sessions, name="sessions"),
]
