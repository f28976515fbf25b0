"""The files themselves: what a CSV and an XLSX reader finds in them."""

import csv
import io
import zipfile
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems_site.lists import spreadsheets
from ems_site.lists.formulas import restored
from ems_site.lists.spreadsheets import write_csv, write_xlsx
from tests.lists.workbooks import unescape, values_of, workbook_of

HEAD = ["Name", "Phone"]
NASTY = [
    "=1+1",
    "+49 30",
    "-3",
    "@x",
    "'=x",
    'a "b", c;d',
    "two\nlines",
    "<b>&amp;</b>",
    " blanks ",
    "株式会社 😀",
]


def read_csv(parts):
    data = b"".join(parts)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def sheets(parts):
    return {sheet.title: values_of(sheet) for sheet in workbook_of(b"".join(parts))}


def first_sheet(parts):
    return next(iter(sheets(parts).values()))


def test_csv():
    rows = read_csv(write_csv("Customers", HEAD, [[["Acme", "+49 30"]], [["Beta", ""]]]))
    assert rows == [HEAD, ["Acme", "'+49 30"], ["Beta", ""]]


def test_csv_ends_lines_and_quotes_every_cell():
    """A program that takes semicolons for separators finds none outside of quotes."""
    assert b"".join(write_csv("x", ["a"], [[["b;=1"]]])) == b'\xef\xbb\xbf"a"\r\n"b;\'=1"\r\n'


def test_csv_keeps_every_text():
    rows = read_csv(write_csv("Customers", HEAD, [[[text, text] for text in NASTY]]))
    assert [[restored(cell) for cell in row] for row in rows[1:]] == [[text, text] for text in NASTY]


def test_csv_of_what_cannot_be_encoded():
    assert read_csv(write_csv("x", ["a"], [[["\ud800z"]]])) == [["a"], ["?z"]]


def test_xlsx():
    parts = write_xlsx("Customers", HEAD, [[["Acme", "+49"]], [["Beta", ""]]])
    sheet = workbook_of(b"".join(parts))["Customers"]
    assert values_of(sheet) == [HEAD, ["Acme", "+49"], ["Beta", None]]
    assert sheet.freeze_panes == "A2"
    assert sheet["B1"].font.b
    assert not sheet["B2"].font.b


def test_every_cell_of_an_xlsx_is_text():
    data = b"".join(write_xlsx("Customers", HEAD, [[[text, "1"] for text in NASTY]]))
    sheet = workbook_of(data).active
    for cell in chain.from_iterable(sheet.rows):
        assert (cell.data_type, cell.number_format) == ("s", "@")
    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert xml.count('t="inlineStr"') == xml.count("<c ")


def test_xlsx_keeps_every_text():
    rows = first_sheet(write_xlsx("Customers", ["a"], [[[text] for text in NASTY]]))
    assert [row[0] for row in rows[1:]] == NASTY


@given(st.text())
def test_any_text_makes_a_readable_xlsx(text):
    ((cell,),) = first_sheet(write_xlsx("x", ["h"], [[[text]]]))[1:] or [(None,)]
    expected = "".join(mark for mark in text if mark in "\t\n\r" or mark >= " ")
    expected = "".join(
        mark for mark in expected if not ("\ud800" <= mark <= "\udfff" or mark in "\ufffe\uffff")
    )
    assert unescape(cell or "") == expected


def test_texts_that_look_coded_stay_as_they_are():
    """A spreadsheet would read `_x0041_` as A."""
    ((cell,),) = first_sheet(write_xlsx("x", ["h"], [[["_x0041_ _x000d_"]]]))[1:]
    assert cell == "_x005F_x0041_ _x005F_x000d_"


def test_characters_that_xml_cannot_hold_are_left_out():
    ((cell,),) = first_sheet(write_xlsx("x", ["h"], [[["a\0b\x1bc\ufffed\ud800e"]]]))[1:]
    assert cell == "abcde"


def test_a_cell_holds_what_a_spreadsheet_allows():
    whole = "😀" * 16_383 + "x"
    cells = first_sheet(write_xlsx("x", ["h"], [[[whole], [whole + "y"], ["😀" * 40_000]]]))[1:]
    assert cells == [[whole], ["😀" * 16_383 + "…"], ["😀" * 16_383 + "…"]]


def test_what_a_sheet_cannot_hold_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 4)
    rows = [[str(number)] for number in range(7)]
    found = sheets(write_xlsx("Customers", ["n"], [rows[:5], rows[5:]]))
    assert found == {
        "Customers": [["n"], ["0"], ["1"], ["2"]],
        "Customers 2": [["n"], ["3"], ["4"], ["5"]],
        "Customers 3": [["n"], ["6"]],
    }


def test_a_full_sheet_is_followed_by_no_empty_one(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 3)
    assert list(sheets(write_xlsx("Customers", ["n"], [[["1"], ["2"]]]))) == ["Customers"]


def test_a_long_sheet_ends_before_a_spreadsheet_complains(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_CHARACTERS", 2_000)
    found = sheets(write_xlsx("Customers", ["n"], [[["x" * 3_000]], [["y"]]]))
    assert list(found) == ["Customers", "Customers 2"]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_an_empty_list_has_its_heading(write):
    parts = list(write("Customers", HEAD, []))
    assert (read_csv(parts) if write is write_csv else first_sheet(parts)) == [HEAD]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_the_file_comes_while_it_is_written(write):
    asked = []

    def chunks():
        for number in range(3):
            asked.append(number)
            yield [[f"{number}", "x"]] * 2_000

    parts = write("Customers", HEAD, chunks())
    next(parts)
    next(parts)
    assert len(asked) < 3
    parts.close()


def test_columns_beyond_z_have_two_letters():
    head = [f"h{number}" for number in range(30)]
    book = workbook_of(b"".join(write_xlsx("x", head, [[head]])))
    assert book.active["AD2"].value == "h29"
