"""One page that shows that every part of the host is in its place."""
import os

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render

from example.models import Greeting

EXPECTED_SECRETS = ["DB_PASSWORD", "SECRET_KEY"]


def page(request):
    # Written and read back: a cache that is gone answers None.
    cache.set("greeting", "Hello from Memcached", 60)
    context = {
        "title": os.environ.get("SITE_TITLE", "Example"),
        "environment": settings.ENVIRONMENT,
        "release": settings.RELEASE,
        "row": Greeting.objects.order_by("id").first(),
        "cached": cache.get("greeting"),
        "secrets": [(name, name in os.environ) for name in EXPECTED_SECRETS],
        "secure": request.is_secure(),
    }
    return render(request, "page.html", context)


def health(request):
    return HttpResponse("ok", content_type="text/plain")
