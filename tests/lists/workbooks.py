"""XLSX files as another program reads them."""

import io
from typing import Any

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

__all__ = ["unescape", "values_of", "workbook_of"]


def workbook_of(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def values_of(sheet: Any) -> list[list[str | None]]:
    """Row by row."""
    return [[cell.value for cell in row] for row in sheet.rows]
