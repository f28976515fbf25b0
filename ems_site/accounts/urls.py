from django.urls import path
from django.views.generic import RedirectView

from ems_site.accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.log_on, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("password-change/", views.password_change, name="password_change"),
    path("password-reset/", views.password_reset, name="password_reset"),
    path("password-reset/sent/", views.password_reset_done, name="password_reset_done"),
    path("password-reset/confirm/", views.password_reset_confirm, name="password_reset_confirm"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end/", views.end_sessions, name="end_sessions"),
    path("sessions/<str:public_id>/end/", views.end_session, name="end_session"),
    # Django admin's own pages for the same things.
    path("admin/login/", views.admin_log_on),
    path("admin/logout/", views.log_out),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
]
