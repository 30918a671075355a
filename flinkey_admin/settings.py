"""Settings, read once from the environment. A missing or wrong value refuses to start and says what to write.

Every variable may also be given as NAME_FILE, the path of a file that holds the value.
The table for people is in docs/configure.md; a test keeps both the same.
"""

import os
from pathlib import Path
from zoneinfo import available_timezones

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv, validate

from flinkey_admin import checks, places

django_stubs_ext.monkeypatch()

wrong = checks.of_environment(os.environ)
env = FileAwareEnv(eager=False, strip_whitespace=True)

# The variable means "on this machine, over plain HTTP". Django's own DEBUG stays off: its pages show code and settings
# to whoever meets an error, and django-htmx's helper for it would replace our toasts.
LOOPBACK = env.bool("DEBUG", False)
DEBUG = False
VAR_DIR = Path(env.str("VAR_DIR", str(places.VAR)) or "var")

FLINKEY_API_URL = env.str("FLINKEY_API_URL", "https://api.flinkey.de/v3", validate=checks.valid_upstream)
FLINKEY_API_KEY = env.str("FLINKEY_API_KEY", validate=checks.filled)
FLINKEY_WEBHOOK_SECRET = env.str("FLINKEY_WEBHOOK_SECRET", "")
FLINKEY_WEBHOOK_SECRET_OLD = env.str("FLINKEY_WEBHOOK_SECRET_OLD", "")
FIRST_LOOK = 1.0  # seconds that whoever opens a page waits for flinkey, before a page says that it is waited for
FLINKEY_TIMEOUT = env.float("FLINKEY_TIMEOUT", 20.0, validate=validate.Range(min=0.1))
FLINKEY_CALLS_PER_SECOND = env.float("FLINKEY_CALLS_PER_SECOND", 20.0, validate=validate.Range(min=0.1))
FLINKEY_PROXY = env.str("FLINKEY_PROXY", "", validate=checks.valid_proxy)
FLINKEY_CA_BUNDLE = env.str("FLINKEY_CA_BUNDLE", "", validate=checks.valid_bundle)

# On loopback the keys are made at the first start and kept in var/; anywhere else they must be given.
SECRET_KEY = (
    env.str("SECRET_KEY", "") or checks.local_secret(VAR_DIR / "secret-key")
    if LOOPBACK
    else env.str("SECRET_KEY", validate=checks.strong_key)
)
SECRET_KEY_OLD = env.str("SECRET_KEY_OLD", "", validate=checks.strong_key_if_any)
TOKEN_KEYS = (
    env.list("TOKEN_KEYS", [], validate=checks.valid_token_keys)
    or [checks.local_secret(VAR_DIR / "token-key", fernet=True)]
    if LOOPBACK
    else env.list("TOKEN_KEYS", validate=[checks.filled, checks.valid_token_keys])
)
ALLOWED_HOSTS = (
    env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    if LOOPBACK
    else env.list("ALLOWED_HOSTS", validate=[checks.filled, checks.valid_hosts])
)

env.str("DATABASE_URL", "sqlite:", validate=checks.valid_database)
CACHE_URL = env.str("CACHE_URL", "locmem://", validate=checks.valid_cache)
DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'flinkey-admin.sqlite3'}")}
CACHES = {"default": env.dj_cache_url("CACHE_URL", "locmem://")}
TIME_ZONE = env.str("TIME_ZONE", "Europe/Berlin", validate=checks.valid_zone(available_timezones()))
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "", validate=checks.valid_language)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0))
SWEEP_MINUTES = env.float("SWEEP_MINUTES", 10.0, validate=validate.Range(min=0.1))
RETENTION_DAYS = env.int("RETENTION_DAYS", 540, validate=validate.Range(min=30))
SERIES_WINDOWS = env.int("SERIES_WINDOWS", 500, validate=validate.Range(min=1))
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", 45, validate=validate.Range(min=1))
SESSION_HOURS = env.int("SESSION_HOURS", 12, validate=validate.Range(min=1))
METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=checks.long_enough_to_guess)
LOG_FORMAT = env.str("LOG_FORMAT", "line", validate=validate.OneOf(["line", "json"]))
URL_PREFIX = env.str("URL_PREFIX", "", validate=checks.valid_prefix)
# "e-mail password", set by `make demo` alone
DEMO_SIGN_IN = env.str("DEMO_SIGN_IN", "", validate=[] if LOOPBACK else checks.no_demo)

try:
    env.seal()
except EnvError as error:
    checks.of_reading(wrong, error)
checks.of_secrets(
    wrong,
    {
        "SECRET_KEY": SECRET_KEY,
        "SECRET_KEY_OLD": SECRET_KEY_OLD,
        "TOKEN_KEYS": TOKEN_KEYS,
        "FLINKEY_API_KEY": FLINKEY_API_KEY,
        "FLINKEY_WEBHOOK_SECRET": FLINKEY_WEBHOOK_SECRET,
        "FLINKEY_WEBHOOK_SECRET_OLD": FLINKEY_WEBHOOK_SECRET_OLD,
        "METRICS_TOKEN": METRICS_TOKEN,
    },
)
checks.of_folders(wrong, VAR_DIR, DATABASES["default"])
if wrong:
    os.environ.update(wrong.aside)
    raise ImproperlyConfigured(wrong.told())
URL_PREFIX = URL_PREFIX.strip("/") and f"/{URL_PREFIX.strip('/')}"

SECRET_KEY_FALLBACKS = [SECRET_KEY_OLD] if SECRET_KEY_OLD else []

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers queue at BEGIN instead of failing in the middle; a commit is on disk before flinkey is called.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA mmap_size=268435456",
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A connection is kept, and tried before each request, so that one which died with its database costs no page.
    DATABASES["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True)
    # Whoever is cut off in the middle, a node without power or a database without a network, is given up within a
    # minute, for others wait for its locks. What DATABASE_URL says of the same comes first.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 20,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 40_000,
        "options": "-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=20 "
        "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=4",
        **DATABASES["default"].get("OPTIONS", {}),
    }
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    # A cache that does not answer must not keep a thread for long. What it answers is a number or nothing.
    CACHES["default"]["LOCATION"] = CACHE_URL  # whole: its name of a user and its certificates are redis-py's to read
    CACHES["default"]["OPTIONS"] = {
        "serializer": "flinkey_admin.web.counting.Numbers",
        "socket_connect_timeout": 2,
        "socket_timeout": 2,
    }

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "flinkey_admin.web",
    "flinkey_admin.accounts",
    "flinkey_admin.operations",
    "flinkey_admin.mirror",
    "flinkey_admin.fleet",
    "flinkey_admin.assignments",
    "flinkey_admin.node",
]

MIDDLEWARE = [
    "flinkey_admin.web.middleware.short_heads",
    "django.middleware.security.SecurityMiddleware",
    "flinkey_admin.web.middleware.door",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "flinkey_admin.web.middleware.brotli_pages",
    "flinkey_admin.web.middleware.reference",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "flinkey_admin.node.middleware.watchers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "flinkey_admin.web.middleware.ErrorBoundary",
    "flinkey_admin.accounts.middleware.ManagerMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "flinkey_admin.urls"
WSGI_APPLICATION = "flinkey_admin.wsgi.application"
FORCE_SCRIPT_NAME = URL_PREFIX or None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [places.TEMPLATES],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["flinkey_admin.web.templates.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "flinkey_admin.accounts.context.frame",
                "flinkey_admin.operations.context.unfinished",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "flinkey_admin.web.templatetags.icons",
                "flinkey_admin.web.templatetags.kinds",
                "flinkey_admin.web.templatetags.scripts",
                "flinkey_admin.web.templatetags.times",
            ],
        },
    }
]

# Signing in
AUTH_USER_MODEL = "accounts.Manager"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "flinkey_admin.accounts.backend.FlinkeyBackend",
]
LOGIN_URL = "accounts:sign_in"
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # names stay out of cookies
CSRF_FAILURE_VIEW = "flinkey_admin.accounts.views.csrf_failure"
AXES_FAILURE_LIMIT = 5
# For an account wherever it is tried, and for a place whatever is tried there, which may be a whole company.
WIDE_FAILURE_LIMIT = 50
AXES_COOLOFF_TIME = 0.25  # hours
AXES_HANDLER = "flinkey_admin.accounts.throttle.Throttle"
AXES_LOCKOUT_PARAMETERS = "flinkey_admin.accounts.throttle.groupings"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "user_agent"]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what is tried meanwhile counts for nobody: see Throttle
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # which a success leaves alone; `prune` deletes it after its time
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "flinkey_admin.accounts.backend.counted_address"
AXES_CLIENT_IP_CALLABLE = "flinkey_admin.web.proxies.client_place"
AXES_LOCKOUT_CALLABLE = "flinkey_admin.accounts.views.throttled"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# What the browser is told
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = None  # for pages alone, which get it by web/middleware.py
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{URL_PREFIX}/"
# The choices of a person, of which that of the language comes before the browser's; and who has signed in with it.
SCHEME_COOKIE_NAME, LANGUAGE_COOKIE_NAME, KNOWN_COOKIE_NAME = "scheme", "language", "known"
if not LOOPBACK:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # A cookie for one path cannot be called __Host-.
    bound = "__Secure" if URL_PREFIX else "__Host"
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{bound}-session", f"{bound}-csrf"
    SCHEME_COOKIE_NAME, LANGUAGE_COOKIE_NAME = f"{bound}-scheme", f"{bound}-language"
    KNOWN_COOKIE_NAME = f"{bound}-known"
SILENCED_SYSTEM_CHECKS = []
if URL_PREFIX:
    SILENCED_SYSTEM_CHECKS.append("security.W004")  # the name is not ours alone: whoever owns it decides on HSTS
elif not LOOPBACK:
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = not LOOPBACK
    # Health answers over either; what other programs call is refused over plain HTTP, by web/middleware.py.
    SECURE_REDIRECT_EXEMPT = [rf"^({URL_PREFIX.lstrip('/')}/)?(health/|webhooks/|calendar/|metrics$)"]
else:
    # Nobody says what came over TLS, so there is nothing to redirect. `flinkey-admin check` has a line about it.
    SILENCED_SYSTEM_CHECKS.append("security.W008")

# Language and time: the fleet's zone is the zone of every time on a page
USE_TZ = True
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
if LANGUAGE_CODE:
    LANGUAGES = [pair for pair in LANGUAGES if pair[0] == LANGUAGE_CODE]
LANGUAGE_CODE = LANGUAGE_CODE or "en"
FORMAT_MODULE_PATH = "flinkey_admin.formats"
LOCALE_PATHS = [places.PACKAGE / "locale"]

# Static files
STATIC_URL = f"{URL_PREFIX}/static/"
WHITENOISE_STATIC_PREFIX = "/static/"
STATICFILES_DIRS = [places.STATIC]
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "flinkey_admin.web.icons.SheetFinder",
]
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOOPBACK
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOOPBACK
        else "flinkey_admin.web.storage.SmallFiles"
    },
}

# A selection of 5,000 cars posts 5,000 ids. No page sends a file: a form with one is refused before any of it is kept.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_NUMBER_FILES = 0

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "runs", "sweep"]}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "reference": {"()": "flinkey_admin.web.logs.ReferenceFilter"},
        "secret": {"()": "flinkey_admin.web.logs.SecretFilter"},
    },
    "formatters": {
        "line": {
            "class": "flinkey_admin.web.logs.Lines",
            "format": "{asctime} {levelname} {name} [{reference}] [{manager}] {message}",
            "style": "{",
        },
        "json": {
            "()": "flinkey_admin.web.logs.JsonLines",
            "format": "{levelname} {name} {message} {reference} {manager} {operation} {node} {role}",
            "style": "{",
            "timestamp": "time",
            "rename_fields": {"levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["reference", "secret"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"flinkey": {"level": "INFO"}, "flinkey_admin": {"level": "INFO"}},
}
