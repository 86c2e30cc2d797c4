"""The least that Django needs; the options of the connection come from the environment."""
import os

SECRET_KEY = "only a test"
INSTALLED_APPS = ["crm"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ.get("PGPORT", "5432"),
        "USER": os.environ["PGUSER"],
        "NAME": os.environ["PGDATABASE"],
        "OPTIONS": {"options": os.environ["DRIVER_OPTIONS"]},
    }
}
