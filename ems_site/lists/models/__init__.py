from ems_site.lists.models.batches import Batch, Part
from ems_site.lists.models.saved_views import DefaultView, SavedView

__all__ = ["Batch", "DefaultView", "Part", "SavedView"]
