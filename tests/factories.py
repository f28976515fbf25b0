"""Rows for tests, made as the actions leave them unless a test says otherwise."""

from datetime import date

import factory

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.accounts.models import User
from entitlements.models import Activation, Entitlement, ProductKey


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
        skip_postgeneration_save = True

    customer = factory.SubFactory(CustomerFactory)
    state = Entitlement.State.DRAFT
    start_date = date(2026, 1, 1)

    @factory.post_generation
    def products(self, create, extracted, **kwargs):
        """Product keys, as dictionaries of what they do not have by default."""
        for values in extracted or ():
            ProductKeyFactory(entitlement=self, **values)


class ProductKeyFactory(factory.django.DjangoModelFactory):
    """Placed as completing places it, unless the entitlement is a draft."""

    class Meta:
        model = ProductKey

    entitlement = factory.SubFactory(EntitlementFactory, state=Entitlement.State.COMPLETE)
    product = factory.Sequence(lambda n: f"Product {n}")
    quantity = 10

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        key = model_class(*args, **kwargs)
        if not key.entitlement.is_draft():
            key.place(key.validity_in(key.entitlement.time_zone()))
        key.save()
        key.entitlement.save(update_fields=["search_key"])
        return key


class ActivationFactory(factory.django.DjangoModelFactory):
    """As the action leaves it, but for its license, which nobody signed."""

    class Meta:
        model = Activation

    product_key = factory.SubFactory(ProductKeyFactory)
    quantity = 1
    time_zone = factory.SelfAttribute("product_key.time_zone")
    valid_from = factory.SelfAttribute("product_key.valid_from")
    valid_until = factory.SelfAttribute("product_key.valid_until")
    license = "{}\n"
