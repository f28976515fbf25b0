"""Rows for tests, made as the actions leave them unless a test says otherwise."""

from datetime import date

import factory

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.accounts.models import User
from entitlements.models import Entitlement


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person-{n}")
    is_staff = True


class ContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contact

    email = factory.Sequence(lambda n: f"contact-{n}@example.com")
    name = factory.Sequence(lambda n: f"Contact {n}")


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Customer {n}")
    customer_id = factory.Sequence(lambda n: f"ID-{n}")

    @factory.post_generation
    def people(self, create, extracted, **kwargs):
        """Contacts to associate, as Standard; or (contact, kind) pairs."""
        for person in extracted or ():
            contact, kind = person if isinstance(person, tuple) else (person, Association.Kind.STANDARD)
            Association.objects.create(customer=self, contact=contact, kind=kind)
            contact.save(update_fields=["customers_key"])
        self.save()


class EntitlementFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Entitlement

    customer = factory.SubFactory(CustomerFactory)
    state = Entitlement.State.DRAFT
    start_date = date(2026, 1, 1)
