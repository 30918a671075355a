"""The door for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from flinkey_admin.web.proxies import behind

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flinkey_admin.settings")
application = behind(get_wsgi_application())
# What is loaded by now stays: no collection looks through it again, which saved a plan of 400 steps 30 ms and more.
gc.freeze()
