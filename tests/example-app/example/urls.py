"""Where the pages are."""
from django.urls import path

from example import views

urlpatterns = [
    path("", views.page),
    path("health/", views.health),
]
