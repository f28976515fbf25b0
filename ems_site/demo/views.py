"""The mails that the demo would have sent, for superusers: they hold the links of everybody."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ems_site.demo import mail


@require_safe
def mails(request):
    _refuse_others(request)
    return render(request, "demo/mails.html", {"mails": mail.newest(), "kept": mail.KEPT})


@require_safe
def one_mail(request, name):
    _refuse_others(request)
    kept = mail.read(name)
    if kept is None:
        raise Http404
    return render(request, "demo/mail.html", {"mail": kept})


def _refuse_others(request):
    if not request.user.is_superuser:
        raise PermissionDenied
