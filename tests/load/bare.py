"""What Django itself costs on this machine: one page of fifty rows from a template, without a database or a session."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

PAGE = """<!doctype html><title>Bare</title><table>
{% for row in rows %}<tr data-id="{{ row }}"><td><a href="/{{ row }}/">{{ row }}</a></td></tr>
{% endfor %}</table>"""


def page(request: HttpRequest) -> HttpResponse:
    """The only one."""
    return HttpResponse(engines["django"].from_string(PAGE).render({"rows": range(50)}, request))


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="it signs nothing",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
)
urlpatterns = [path("", page)]
application = get_wsgi_application()
