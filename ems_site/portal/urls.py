from django.urls import path

from ems_site.portal.views import (
    contacts,
    customers,
    entitlements,
    invitations,
    language,
    log_on,
    passwords,
    profile,
)

app_name = "portal"
urlpatterns = [
    path("", customers.home, name="home"),
    path("login/", log_on.log_on, name="login"),
    path("logout/", log_on.log_out, name="logout"),
    path("password-reset/", passwords.reset, name="password_reset"),
    path("password-reset/sent/", passwords.reset_done, name="password_reset_done"),
    path("password-reset/confirm/", passwords.reset_confirm, name="password_reset_confirm"),
    path("invitation/", invitations.invitation, name="invitation"),
    path("language/", language.choose, name="language"),
    path("customer/", customers.switch, name="customer"),
    path("entitlements/<key:pk>/", entitlements.detail, name="entitlement"),
    path("entitlements/<key:pk>/activate/", entitlements.activate, name="activate"),
    path("entitlements/<key:pk>/licenses/<key:activation>/", entitlements.license_file, name="license"),
    path("customers/<key:customer>/contacts/", contacts.index, name="contacts"),
    path("customers/<key:customer>/contacts/invite/", contacts.invite, name="invite"),
    path("customers/<key:customer>/contacts/<key:pk>/end/", contacts.end, name="end"),
    path("customers/<key:customer>/invitations/<key:pk>/withdraw/", contacts.withdraw, name="withdraw"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", passwords.change, name="password"),
    path("profile/sessions/end/", profile.end_sessions, name="sessions_end"),
    path("profile/sessions/<str:public_id>/end/", profile.end_session, name="session_end"),
]
