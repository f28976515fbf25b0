"""The Contacts page."""

from contacts.listing import ContactList
from ems_site.lists.pages import ListPages

PAGES = ListPages(ContactList)
