"""Tables as CSV and XLSX files, written row by row: whatever their length, little is kept in memory."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from io import StringIO
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from ems_site.lists.formulas import neutralised

Row = list[str]

# What a sheet holds, its heading included, and a cell, in units of UTF-16. A longer text ends with CUT.
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
CUT = "…"
# Spreadsheets complain about files whose parts are longer than 2 GiB; in front of that a new sheet begins.
MOST_CHARACTERS = 400_000_000
COMPRESSION = 4
TEXT, BOLD = 1, 2


def write_csv(title: str, head: Row, chunks: Iterable[list[Row]]) -> Iterator[bytes]:
    """All cells are quoted."""
    text = StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(map(neutralised, head))
    yield b"\xef\xbb\xbf" + _taken(text)
    for rows in chunks:
        writer.writerows(map(neutralised, row) for row in rows)
        yield _taken(text)


def _taken(text):
    found = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return found


def write_xlsx(title: str, head: Row, chunks: Iterable[list[Row]]) -> Iterator[bytes]:
    """Every cell is text, so there is no formula to run. What a sheet cannot hold goes on in the next."""
    book = _Workbook(title, head)
    try:
        for rows in chunks:
            book.add(rows)
            yield book.file.taken()
    finally:
        book.close()
    yield book.file.taken()


class Format(NamedTuple):
    label: str
    content_type: str
    write: Callable[[str, Row, Iterable[list[Row]]], Iterator[bytes]]


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", write_csv),
    "xlsx": Format("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
}


class _File:
    """What was written since it was taken last: nobody can go back in it."""

    def __init__(self):
        self.parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        found = b"".join(self.parts)
        self.parts.clear()
        return found


class _Workbook:
    def __init__(self, title, head):
        self.title, self.head = title, head
        self.letters = [_letters(place) for place in range(len(head))]
        self.file = _File()
        self.archive = ZipFile(self.file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._put("_rels/.rels", RELATIONS.format(links=LINK.format(1, "officeDocument", "xl/workbook.xml")))
        self.sheets: list[str] = []
        self._begin_sheet()

    def add(self, rows):
        while rows:
            if self.number == MOST_ROWS or self.characters > MOST_CHARACTERS:
                self._end_sheet()
                self._begin_sheet()
            room = MOST_ROWS - self.number
            self._write_rows(rows[:room], TEXT)
            rows = rows[room:]

    def close(self):
        self._end_sheet()
        numbers = range(1, len(self.sheets) + 1)
        links = [LINK.format(number, "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
        links.append(LINK.format(len(links) + 1, "styles", "styles.xml"))
        named = [
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>'
            for number, name in zip(numbers, self.sheets, strict=True)
        ]
        self._put("xl/workbook.xml", WORKBOOK.format(sheets="".join(named)))
        self._put("xl/_rels/workbook.xml.rels", RELATIONS.format(links="".join(links)))
        self._put("xl/styles.xml", STYLES)
        parts = "".join(SHEET_TYPE.format(number) for number in numbers)
        self._put("[Content_Types].xml", TYPES.format(sheets=parts))
        self.archive.close()

    def _put(self, name, text):
        with self.archive.open(name, "w") as part:
            part.write(text.encode())

    def _begin_sheet(self):
        number = len(self.sheets) + 1
        self.sheets.append(self.title if number == 1 else f"{self.title} {number}")
        self.sheet = self.archive.open(f"xl/worksheets/sheet{number}.xml", "w")
        self.number = self.characters = 0
        selected = ' tabSelected="1"' if number == 1 else ""
        self._write(SHEET_START.format(selected=selected, columns=len(self.head)))
        self._write_rows([self.head], BOLD)

    def _end_sheet(self):
        corner = f"{self.letters[-1]}{self.number}"
        self._write(SHEET_END.format(corner=corner))
        self.sheet.close()

    def _write_rows(self, rows, style):
        lines = []
        for number, row in enumerate(rows, self.number + 1):
            cells = [
                f'<c r="{letters}{number}" s="{style}" t="inlineStr"><is>'
                f'<t xml:space="preserve">{_as_xml(text)}</t></is></c>'
                for letters, text in zip(self.letters, row, strict=False)
                if text
            ]
            lines.append(f'<row r="{number}">{"".join(cells)}</row>')
        self.number += len(rows)
        self._write("".join(lines))

    def _write(self, text):
        self.characters += len(text)
        self.sheet.write(text.encode())


def _letters(place: int) -> str:
    """How a spreadsheet calls the column: A, B … Z, AA …"""
    text = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        text = chr(65 + letter) + text
    return text


# A spreadsheet reads `_x0041_` as the letter A.
CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PLAIN = re.compile("[\t\n -%'-;=?-^`-\ud7ff\ue000-\ufffd]*")


def _as_xml(text):
    if len(text) > LONGEST_CELL // 2 and len(units := text.encode("utf-16-le", "ignore")) > LONGEST_CELL * 2:
        text = units[: (LONGEST_CELL - len(CUT)) * 2].decode("utf-16-le", "ignore") + CUT
    if PLAIN.fullmatch(text):
        return text
    text = CODED.sub("_x005F_", text).replace("\r", "_x000D_")
    return escape(NOT_IN_XML.sub("", text), quote=False)


XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONS = f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{{links}}</Relationships>'
LINK = f'<Relationship Id="r{{}}" Type="{LINKS}/{{}}" Target="{{}}"/>'
TYPES = (
    f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/>{{sheets}}</Types>'
)
SHEET_TYPE = f'<Override PartName="/xl/worksheets/sheet{{}}.xml" ContentType="{KIND}.worksheet+xml"/>'
WORKBOOK = f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{{sheets}}</sheets></workbook>'
SHEET_START = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView{{selected}} workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    f'<cols><col min="1" max="{{columns}}" width="24" style="{TEXT}" customWidth="1"/></cols><sheetData>'
)
SHEET_END = (
    '</sheetData><ignoredErrors><ignoredError sqref="A1:{corner}" numberStoredAsText="1"/></ignoredErrors>'
    "</worksheet>"
)
# Format 49 is text: what somebody types over a cell stays text, too.
STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1">'
    "<border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
